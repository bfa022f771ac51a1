import type { InputReader } from "../../inputs/input-reader";
import { parseReason } from "../../inputs/reserved-cidrs";
import { SdnError } from "../../model/error";
import { parseRuleName } from "../../policy/check";
import { parseLogLimit, parseMoment } from "../../policy/parse";
import type { Direction, RuleAction } from "../../policy/rule";
import type { Value, ValueMap } from "../../rpc/value";
import { isValueMap, type Unknown } from "../../rpc/value";
import { present } from "../references";
import { type Item, type Items, peerChoices, readItems } from "./items";
import { readServices } from "./services";

/** A rule whose peers are still names of other resources. */
export interface RuleInputs {
  readonly at: string;
  /** `undefined` while it is unknown. */
  readonly action: RuleAction | undefined;
  readonly peers: Items;
  /** All but the peers, as the spec has it. */
  readonly spec: ValueMap;
}

const directions = ["ingress", "egress"] as const;
const actions = ["allow", "deny", "reject", "pass"] as const;

/** A text that a grammar accepts, as it was written. */
const asWritten =
  (parse: (text: string, property: string) => unknown) =>
  (text: string, property: string): string => {
    parse(text, property);
    return text;
  };
export const momentText = asWritten(parseMoment);
export const logText = asWritten(parseLogLimit);

export function readRules(reader: InputReader): readonly RuleInputs[] | Unknown {
  const read = reader.objects("rules")?.map(readRule);
  const rules = reader.orUnknown("rules", read) ?? [];
  if (read !== undefined) refuseRepeatedNames(reader, read);
  return rules;
}

function readRule(reader: InputReader): RuleInputs {
  const name = reader.require("name", reader.parsed("name", parseRuleName), "a name for counters and log lines");
  const reason = reader.parsed("reason", parseReason);
  const direction = reader.require("direction", reader.choice("direction", directions), directions.join(" or "));
  const action = reader.require("action", reader.choice("action", actions), actions.join(", "));
  const peers = readPeers(reader, direction);
  if (action !== undefined && action !== "allow") refuseNames(reader, action, peers);
  const spec: Readonly<Record<string, Value | undefined>> = {
    name: reader.orUnknown("name", name),
    reason: reader.orUnknown("reason", reason),
    direction: reader.orUnknown("direction", direction),
    action: reader.orUnknown("action", action),
    services: readServices(reader, "services"),
    // Left out where it is what is usual.
    enabled: reader.orUnknown("enabled", reader.boolean("enabled") === false ? false : undefined),
    expires: reader.orUnknown("expires", reader.parsed("expires", momentText)),
    log: reader.orUnknown("log", reader.parsed("log", logText)),
  };
  reader.finish();
  return { at: reader.path, action, peers, spec: present(spec) };
}

/** Where packets come from in a rule for ingress, where they go in one for egress. */
function readPeers(reader: InputReader, direction: Direction | undefined): Items {
  const from = readItems(reader, "from", peerChoices);
  const to = readItems(reader, "to", peerChoices);
  if (direction === "ingress" && reader.given("to")) {
    refuse(reader.at("to"), "a rule for ingress says where packets come from", "write from, or direction: egress");
  }
  if (direction === "egress" && reader.given("from")) {
    refuse(reader.at("from"), "a rule for egress says where packets go", "write to, or direction: ingress");
  }
  return (direction === "egress" ? to : from) ?? [{ kind: "value", value: { kind: "any" }, at: reader.path }];

  function refuse(at: string, cause: string, remedy: string): void {
    reader.problems.add(new SdnError({ code: "invalid-input", property: at, cause, remedy }));
  }
}

/** A name may resolve to other addresses on the host than for whoever is to be kept out. */
function refuseNames(reader: InputReader, action: RuleAction, items: Items): void {
  if (!Array.isArray(items)) return;
  (items as readonly Item[]).forEach((item) => {
    if (item.kind !== "value" || !isValueMap(item.value) || item.value["kind"] !== "name") return;
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: `${item.at}.dnsName`,
        cause: `a rule that says ${action} cannot go by name: where the name resolves to other addresses on the host than for its peer, the peer gets through`,
        remedy: "write cidr, or allow what is wanted by name and let the default deny the rest",
      }),
    );
  });
}

function refuseRepeatedNames(reader: InputReader, rules: readonly RuleInputs[]): void {
  const names = rules.map(({ spec }) => spec["name"]);
  rules.forEach(({ at, spec: { name } }, index) => {
    const first = names.indexOf(name ?? null);
    if (typeof name !== "string" || first === index) return;
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: `${at}.name`,
        value: name,
        cause: `is the name of ${rules[first]?.at ?? ""} already`,
        remedy: "give each rule of a policy a name of its own",
      }),
    );
  });
}
