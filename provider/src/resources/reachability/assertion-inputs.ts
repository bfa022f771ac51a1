import { nameOrText } from "../../inputs/name-or-text";
import { InputReader } from "../../inputs/input-reader";
import { readSelector } from "../../inputs/labels";
import { SdnError } from "../../model/error";
import { parsePorts } from "../../policy/parse";
import type { LabelExpression } from "../../policy/selector";
import { parseService } from "../../policy/service";
import { type AssertedEnd, type Assertion, type Expectation, expectations } from "../../reach/assertion";
import type { Value, ValueMap } from "../../rpc/value";
import { isValueMap } from "../../rpc/value";
import { unwrap } from "../../rpc/values";
import { type FleetMember, readMembers } from "../fleet-members";
import type { Hosts } from "../hosts";

export interface TestInputs {
  readonly members: readonly FleetMember[];
  readonly assertions: readonly Assertion[];
}

/** `parsed` is left out while something is unknown or wrong. */
export function readTestInputs(
  inputs: ValueMap,
  hosts: Hosts,
): { readonly reader: InputReader; readonly parsed: TestInputs | undefined } {
  const reader = InputReader.of(inputs);
  const members = readMembers(reader, hosts);
  const assertions = expectations.flatMap((expect) =>
    (reader.objects(expect) ?? []).map((one, index) => readAssertion(one, expect, `${expect}[${index}]`)),
  );
  reader.finish();
  if (assertions.length === 0 && reader.unknowns.size === 0 && reader.problems.empty) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: "allowed",
        cause: "nothing is asserted",
        remedy: `give ${expectations.join(", ")}, or any of them`,
      }),
    );
  }
  const isWhole = reader.problems.empty && reader.unknowns.size === 0;
  return { reader, parsed: isWhole ? { members, assertions } : undefined };
}

function readAssertion(reader: InputReader, expect: Expectation, at: string): Assertion {
  const [from, to] = [readEnds(reader, "from"), readEnds(reader, "to")];
  const protocol = reader.text("protocol");
  const ports = reader.parsedDigits("ports", (text, property) => {
    parsePorts(text, property);
    return text;
  });
  const icmpTypes = reader.texts("icmpTypes", (text) => text);
  reader.finish();
  if (protocol === undefined && (ports ?? icmpTypes) !== undefined) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: reader.at("protocol"),
        cause: "is missing, and ports are given",
      }),
    );
  }
  const service = protocol === undefined ? undefined : { protocol, ports, icmpTypes };
  if (service !== undefined) reader.problems.collect(() => parseService(service, at));
  return { expect, at, from, to, service };
}

/** One end or a list of them: a resource, a name, an address, or labels. */
function readEnds(reader: InputReader, name: "from" | "to"): readonly AssertedEnd[] {
  const value = reader.value(name);
  const given = reader.require(name, value, "who it is about");
  if (given === undefined) return [];
  const items = Array.isArray(given) ? (given as readonly Value[]) : [given];
  return items.flatMap((item, index) => readEnd(reader, unwrap(item), reader.at(`${name}[${index}]`)));
}

function readEnd(reader: InputReader, item: Value, at: string): readonly AssertedEnd[] {
  if (isValueMap(item) && ("matchLabels" in item || "matchExpressions" in item)) {
    const inner = InputReader.of(item);
    const { matchLabels = {}, matchExpressions = [] } = readSelector(inner) as {
      matchLabels?: Readonly<Record<string, string>>;
      matchExpressions?: readonly LabelExpression[];
    };
    reader.problems.add(...inner.problems.errors.map((error) => error.at({ property: at })));
    return [{ kind: "labels", selector: { matchLabels, matchExpressions } }];
  }
  const one = InputReader.of({ end: item });
  const text = nameOrText(one, "end");
  if (text !== undefined) return [{ kind: "name", text }];
  if (one.problems.empty) return [];
  const remedy = "give a resource, its name, an address, a CIDR, any, or matchLabels";
  reader.problems.add(new SdnError({ code: "invalid-input", property: at, cause: "is not an end of traffic", remedy }));
  return [];
}
