import { InputReader } from "../inputs/input-reader";
import { SdnError } from "../model/error";
import { parsePolicyName } from "../policy/check";
import { tiers } from "../policy/rule";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { Unknown, unknown } from "../rpc/value";
import { type Item, type Items, readItems, targetChoices } from "./firewall/items";
import { holdsContainers, Resolution } from "./firewall/resolve";
import { logText, momentText, readRules, type RuleInputs } from "./firewall/rules";
import { enforcersOf, type Member, membersOf } from "./member";
import { known, nameOf, outputsOf, present, referenceOf } from "./references";

interface PolicyInputs {
  readonly fabric: string;
  readonly appliesTo: Items;
  readonly rules: readonly RuleInputs[] | Unknown;
  /** All but what names other resources, as the spec has it. */
  readonly spec: ValueMap;
}

const highestPriority = 65_535;
const defaultActions = ["allow", "deny", "reject", "pass", "continue", "isolate"] as const;

function read(inputs: ValueMap): { reader: InputReader; parsed: PolicyInputs } {
  const reader = InputReader.of(inputs);
  const fabric = reader.problems.collect(() => referenceOf(reader.value("fabric"), "fabric", "sdn:index:Fabric"));
  const priority = reader.integer("priority", 0, highestPriority);
  const enforcement = reader.choice("enforcement", ["enforced", "watch"]);
  const spec = present({
    tier: reader.orUnknown("tier", reader.choice("tier", tiers)) ?? "application",
    priority: reader.orUnknown("priority", reader.require("priority", priority, "its place in the tier")),
    defaults: readDefaults(reader),
    defaultLog: reader.orUnknown("defaultLog", reader.parsed("defaultLog", logText)),
    enforcement: reader.orUnknown("enforcement", enforcement) ?? "enforced",
    watchUntil: reader.orUnknown("watchUntil", reader.parsed("watchUntil", momentText)),
    onClose: reader.orUnknown("onClose", reader.choice("onClose", ["cut", "keep"])) ?? "cut",
    failsafe: reader.orUnknown("failsafe", reader.boolean("failsafe") === false ? "off" : undefined),
  });
  const parsed = { fabric: fabric ?? "", appliesTo: readTargets(reader), rules: readRules(reader), spec };
  reader.finish();
  if (reader.given("watchUntil") && spec["enforcement"] === "enforced") {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: "watchUntil",
        cause: "an enforced policy does not watch",
        remedy: "write enforcement: watch, or leave watchUntil out",
      }),
    );
  }
  return { reader, parsed };
}

function readTargets(reader: InputReader): Items {
  const targets = readItems(reader, "appliesTo", targetChoices);
  reader.require("appliesTo", targets, "networks, subnets, groups, endpoints or hosts");
  if (reader.list("appliesTo")?.length === 0) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: "appliesTo",
        cause: "is empty, so the policy applies to nothing",
        remedy: "name networks, subnets, groups, endpoints or hosts, or leave the policy out",
      }),
    );
  }
  return targets ?? [];
}

/** Never implied: what becomes of everything else is the first thing that a reviewer asks. */
function readDefaults(reader: InputReader): Value | undefined {
  const defaults = reader.object("defaults");
  reader.require("defaults", defaults, "an action for ingress and one for egress");
  if (defaults === undefined) return reader.orUnknown("defaults", undefined);
  const one = (direction: string): Value | undefined =>
    defaults.orUnknown(
      direction,
      defaults.require(direction, defaults.choice(direction, defaultActions), `one of ${defaultActions.join(", ")}`),
    );
  const read = present({ ingress: one("ingress"), egress: one("egress") });
  defaults.finish();
  return read;
}

/** Who is in such a group on other hosts is known there alone. */
async function refuseContainers(resolution: Resolution, rules: readonly RuleInputs[]): Promise<void> {
  for (const { action, peers } of rules) {
    if ((action !== "deny" && action !== "reject") || peers instanceof Unknown) continue;
    for (const peer of peers.filter(isGroup)) {
      if (!holdsContainers(await resolution.outputs(peer.urn))) continue;
      resolution.problems.add(
        new SdnError({
          code: "invalid-input",
          property: peer.at,
          value: nameOf(peer.urn),
          cause: `a rule that says ${action} cannot go by labels of containers: those on other hosts are not known to the host that judges, so they get through`,
          remedy: "name endpoints, their labels, or subnets, or allow what is wanted and let the default deny the rest",
        }),
      );
    }
  }
}

const isGroup = (item: Item): item is Exclude<Item, { kind: "value" }> => item.kind === "group";

/** A host that is not of the fabric would never get the policy. */
function refuseStrangers(
  resolution: Resolution,
  { appliesTo, fabric }: PolicyInputs,
  members: readonly Member[],
): void {
  if (appliesTo instanceof Unknown || members.length === 0) return;
  for (const item of appliesTo) {
    if (item.kind !== "host" || members.some(({ urn }) => urn === item.urn)) continue;
    resolution.problems.add(
      new SdnError({
        code: "invalid-input",
        property: item.at,
        value: nameOf(item.urn),
        cause: `is not a host of fabric ${nameOf(fabric)}`,
        remedy: `choose from ${members.map(({ name }) => name).join(", ")}, or add it to the fabric`,
      }),
    );
  }
}

async function specOf(context: ConstructContext, parsed: PolicyInputs, fabric: ValueMap): Promise<ValueMap> {
  const { appliesTo, rules } = parsed;
  const resolution = new Resolution(context, parsed.fabric);
  const targets = await resolution.all(appliesTo);
  const ruleSpecs =
    rules instanceof Unknown
      ? unknown
      : await Promise.all(rules.map(async ({ spec, peers }) => ({ ...spec, peers: await resolution.all(peers) })));
  if (!(rules instanceof Unknown)) await refuseContainers(resolution, rules);
  refuseStrangers(resolution, parsed, membersOf(fabric));
  resolution.problems.throwIfAny();
  const named = [appliesTo, ...(rules instanceof Unknown ? [rules] : rules.map(({ peers }) => peers))];
  return present({
    label: context.name,
    name: context.name,
    ...parsed.spec,
    appliesTo: targets,
    rules: ruleSpecs,
    groups: resolution.groupSpecs(named),
    management: fabric["management"],
  });
}

export const firewallPolicy: ComponentHandler = {
  token: "sdn:index:FirewallPolicy",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return read(inputs).reader.problems.list;
  },

  async construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    parsePolicyName(context.name, "name");
    const { parsed } = read(inputs);
    const fabric = await outputsOf(context, parsed.fabric);
    const members = membersOf(fabric);
    const policy = await context.child({
      type: "sdn:firewall:Policy",
      name: context.name,
      inputs: { hosts: enforcersOf(fabric), spec: await specOf(context, parsed, fabric) },
      dependencies: members.map(({ urn }) => urn),
    });
    const { tier = unknown, priority = unknown, enforcement = unknown } = parsed.spec;
    return {
      fabric: nameOf(parsed.fabric),
      tier,
      priority,
      enforcement,
      hosts: members.map(({ name }) => name),
      pending: known(policy.outputs, "pending"),
    };
  },
};
