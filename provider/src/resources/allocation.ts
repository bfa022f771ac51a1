import { SdnError } from "../model/error";
import { Problems } from "../model/problems";
import type { AddressBook } from "../ipam/address-book";
import type { DiffSpec } from "../rpc/diff";
import { diffInputs } from "../rpc/diff";
import type {
  CallContext,
  CheckRequest,
  CheckResult,
  CreateRequest,
  CreateResult,
  CustomResourceHandler,
  DeleteRequest,
  DiffRequest,
  DiffResult,
  ReadRequest,
  ReadResult,
  UpdateRequest,
} from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";
import { unknown } from "../rpc/value";
import { stripSecrets } from "../rpc/values";
import type { Hosts } from "./hosts";
import { InputReader } from "../inputs/input-reader";
import type { Holdings } from "./ledger-holdings";
import { ledgerHoldings } from "./ledger-holdings";
import { importedAllocation } from "./allocation-import";
import { ownerOf } from "./owner";
import type { AllocationNoun } from "./run-allocations";

/** One kind of allocation: how its inputs read, and the decision, which is pure but for the book that it notes it in. */
export interface AllocationKind<Inputs> {
  readonly token: string;
  /** What the thing is called in messages and ids. */
  readonly noun: AllocationNoun;
  readonly outputs: readonly string[];
  /** What of its inputs replaces it. */
  readonly diff?: DiffSpec["properties"];
  readonly read: (reader: InputReader) => Inputs | undefined;
  /** `held`: the outputs of the last run. Throws what cannot be had. */
  readonly decide: (asker: Asker, inputs: Inputs, held: ValueMap, holdings: Holdings, book: AddressBook) => ValueMap;
  /** Notes what an unchanged resource holds, so that newcomers keep clear of it. */
  readonly note: (asker: Asker, inputs: Inputs, held: ValueMap, book: AddressBook) => readonly SdnError[];
}

export interface Asker {
  /** `subnet web of shop/dev`: in the book and in messages. */
  readonly name: string;
  /** What decides the preferred place: stable for the life of the component. */
  readonly key: string;
  readonly label: string;
  /** A line for the user that changes nothing. */
  readonly warn: (message: string) => void;
}

interface Common {
  readonly label: string;
  readonly hostUris: readonly string[];
}

/** A number or block of addresses that a component was given. It lives in Pulumi's state alone. */
export class AllocationHandler<Inputs extends Common> implements CustomResourceHandler {
  readonly token: string;

  constructor(
    private readonly kind: AllocationKind<Inputs>,
    private readonly hosts: Hosts,
    private readonly book: AddressBook,
  ) {
    this.token = kind.token;
  }

  private read_(inputs: ValueMap): { reader: InputReader; parsed: Inputs | undefined } {
    const reader = InputReader.of(inputs);
    const parsed = this.kind.read(reader);
    reader.finish();
    return { reader, parsed: reader.unknowns.size > 0 || !reader.problems.empty ? undefined : parsed };
  }

  private asker(urn: string, { label }: Inputs, context?: CallContext): Asker {
    const warn = (message: string): void => context?.log("warning", message);
    return { warn, name: `${this.kind.noun} ${label} of ${ownerOf(urn)}`, key: `${this.kind.noun}/${label}`, label };
  }

  check(_context: CallContext, { news }: CheckRequest): Promise<CheckResult> {
    return Promise.resolve({ inputs: news, failures: this.read_(news).reader.problems.list });
  }

  diff(context: CallContext, { urn, olds, oldInputs, news, ignoreChanges }: DiffRequest): Promise<DiffResult> {
    const result = diffInputs(
      { properties: { ...this.kind.diff, hostUris: { ignore: true } } },
      oldInputs,
      news,
      ignoreChanges,
    );
    const { parsed } = this.read_(news);
    if (!result.changes && parsed !== undefined) {
      const problems = new Problems();
      problems.add(...this.kind.note(this.asker(urn, parsed, context), parsed, stripSecrets(olds), this.book));
      problems.throwIfAny();
      this.note(urn, { ...news, ...stripSecrets(olds) });
    }
    return Promise.resolve(result);
  }

  async create(context: CallContext, { urn, inputs, preview }: CreateRequest): Promise<CreateResult> {
    const outputs = await this.decide(context, urn, inputs, {});
    return { id: preview ? unknown : urn.slice(urn.lastIndexOf("::") + 2), outputs };
  }

  async update(context: CallContext, { urn, olds, news }: UpdateRequest): Promise<ValueMap> {
    return this.decide(context, urn, news, stripSecrets(olds));
  }

  private async decide(context: CallContext, urn: string, inputs: ValueMap, held: ValueMap): Promise<ValueMap> {
    const { reader, parsed } = this.read_(inputs);
    reader.problems.throwIfAny();
    if (parsed === undefined) {
      return { ...Object.fromEntries(this.kind.outputs.map((name) => [name, held[name] ?? unknown])), ...inputs };
    }
    const asker = this.asker(urn, parsed, context);
    const holdings = await ledgerHoldings(this.hosts, parsed.hostUris, context);
    try {
      const outputs = { ...inputs, ...this.kind.decide(asker, parsed, held, holdings, this.book) };
      this.note(urn, outputs);
      return outputs;
    } catch (thrown) {
      throw thrown instanceof SdnError ? thrown.at({ resource: `${this.kind.noun} ${parsed.label}` }) : thrown;
    }
  }

  private note(urn: string, values: ValueMap): void {
    this.hosts.allocations.note({ urn, noun: this.kind.noun, values });
  }

  async read(context: CallContext, { urn, id, inputs, state }: ReadRequest): Promise<ReadResult> {
    if (inputs === undefined || state === undefined || Object.keys(inputs).length === 0) {
      const imported = await importedAllocation(this.kind.noun, this.hosts, context, urn, id);
      if (imported === undefined) return undefined;
      return { id, inputs: imported, outputs: await this.decide(context, urn, imported, {}) };
    }
    return { id, inputs, outputs: state };
  }

  delete(_context: CallContext, { urn, inputs }: DeleteRequest): Promise<void> {
    const { parsed } = this.read_(inputs);
    this.hosts.allocations.forget(urn);
    if (parsed !== undefined) this.book.release(this.asker(urn, parsed).name);
    return Promise.resolve();
  }
}

/** Notes a holding; a conflict is thrown. */
export function hold(
  book: AddressBook,
  domain: string,
  owner: string,
  holding: Parameters<AddressBook["hold"]>[2],
): void {
  const conflict = book.hold(domain, owner, holding);
  if (conflict !== undefined) throw conflict;
}
