import { diffInputs } from "../../rpc/diff";
import type {
  CallContext,
  CheckRequest,
  CheckResult,
  CreateRequest,
  CreateResult,
  CustomResourceHandler,
  DiffRequest,
  DiffResult,
  ReadRequest,
  ReadResult,
  UpdateRequest,
} from "../../rpc/handlers";
import type { ValueMap } from "../../rpc/value";
import { unknown } from "../../rpc/value";

/** Keeps what it is given and does nothing on any host: until the resources that do are there. */
export class FirewallPlaceholder implements CustomResourceHandler {
  constructor(readonly token: string) {}

  async check(_context: CallContext, { news }: CheckRequest): Promise<CheckResult> {
    return { inputs: news, failures: [] };
  }

  async diff(_context: CallContext, { oldInputs, news, ignoreChanges }: DiffRequest): Promise<DiffResult> {
    return diffInputs({ properties: {} }, oldInputs, news, ignoreChanges);
  }

  async create(_context: CallContext, { urn, inputs, preview }: CreateRequest): Promise<CreateResult> {
    const id = urn.slice(urn.lastIndexOf("::") + 2);
    return { id: preview ? unknown : id, outputs: this.outputs(inputs) };
  }

  async read(_context: CallContext, { id, inputs, state }: ReadRequest): Promise<ReadResult> {
    return inputs === undefined || state === undefined ? undefined : { id, inputs, outputs: state };
  }

  async update(_context: CallContext, { news }: UpdateRequest): Promise<ValueMap> {
    return this.outputs(news);
  }

  async delete(): Promise<void> {
    // Nothing was made.
  }

  private outputs(inputs: ValueMap): ValueMap {
    return { ...inputs, drift: [], pending: [] };
  }
}
