import { Problems } from "../../model/problems";
import { SdnError } from "../../model/error";
import type { Judged } from "../../reach/assertion";
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
import { nameOfUrn } from "../../rpc/tokens";
import type { Hosts } from "../hosts";
import { readTestInputs, type TestInputs } from "./assertion-inputs";
import type { Moment, TestEvaluation } from "./test-evaluation";

/**
 * Assertions about traffic. Every run tests them, also where neither they nor anything of theirs changes: in a preview
 * against what hosts will be, after the change and in a refresh against what they are.
 */
export class ReachabilityTest implements CustomResourceHandler {
  readonly token = "sdn:index:ReachabilityTest";

  constructor(
    private readonly hosts: Hosts,
    private readonly evaluation: TestEvaluation,
  ) {}

  check(_context: CallContext, { news }: CheckRequest): Promise<CheckResult> {
    return Promise.resolve({ inputs: news, failures: readTestInputs(news, this.hosts).reader.problems.list });
  }

  /** What holds by other rules than the last time is a change: it is tested on the hosts again. */
  async diff(context: CallContext, { olds, oldInputs, news, ignoreChanges }: DiffRequest): Promise<DiffResult> {
    const result = diffInputs({ properties: {} }, oldInputs, news, ignoreChanges);
    const parsed = this.parse(news);
    if (parsed === undefined) return result;
    // A refresh asks for differences, too, and must not fail: what it found broken, the update tests.
    if (isBroken(olds)) return withChange(result, "broken");
    const holds = await this.test(context, parsed, "wanted");
    if (holds === undefined || JSON.stringify(holds) === JSON.stringify(olds["holds"])) return result;
    return withChange(result, "holds");
  }

  async create(context: CallContext, { urn, inputs, preview }: CreateRequest): Promise<CreateResult> {
    const holds = await this.tested(context, inputs, preview);
    return { id: preview ? unknown : nameOfUrn(urn), outputs: { holds: holds ?? unknown, broken: [] } };
  }

  async update(context: CallContext, { news, preview }: UpdateRequest): Promise<ValueMap> {
    return { holds: (await this.tested(context, news, preview)) ?? unknown, broken: [] };
  }

  /** A refresh tells what is broken, and goes on. */
  async read(context: CallContext, { id, inputs }: ReadRequest): Promise<ReadResult> {
    if (inputs?.["hosts"] === undefined) {
      throw new SdnError({
        code: "invalid-input",
        resource: id,
        cause: "a ReachabilityTest is nothing but what the program says, so there is nothing to import",
        remedy: "write it in the program, and run `pulumi up`",
      });
    }
    const parsed = this.parse(inputs);
    if (parsed === undefined) throw new SdnError({ code: "internal", cause: "the state holds unknown values" });
    const judged = await this.evaluation.judge(context, parsed, "held");
    const broken = judged?.broken.map(({ message }) => message) ?? [];
    for (const message of broken) context.log("warning", message);
    return { id, inputs, outputs: { holds: judged?.holds ?? [], broken } };
  }

  /** There is nothing on any host. */
  delete(): Promise<void> {
    return Promise.resolve();
  }

  private async tested(
    context: CallContext,
    inputs: ValueMap,
    preview: boolean,
  ): Promise<readonly string[] | undefined> {
    const parsed = this.parse(inputs);
    return parsed === undefined ? undefined : this.test(context, parsed, preview ? "wanted" : "held");
  }

  private async test(context: CallContext, parsed: TestInputs, moment: Moment): Promise<readonly string[] | undefined> {
    const judged = await this.evaluation.judge(context, parsed, moment);
    if (judged !== undefined) throwBroken(judged);
    return judged?.holds;
  }

  /** `undefined` while something is unknown. Throws all problems at once. */
  private parse(inputs: ValueMap): TestInputs | undefined {
    const { reader, parsed } = readTestInputs(inputs, this.hosts);
    reader.problems.throwIfAny();
    return parsed;
  }
}

const isBroken = ({ broken }: ValueMap): boolean => Array.isArray(broken) && broken.length > 0;

function withChange(result: DiffResult, property: string): DiffResult {
  const detailedDiff = new Map([...result.detailedDiff, [property, { kind: "update", inputDiff: false }] as const]);
  return { ...result, changes: true, detailedDiff };
}

function throwBroken({ broken }: Judged): void {
  const problems = new Problems();
  problems.add(...broken);
  problems.throwIfAny();
}
