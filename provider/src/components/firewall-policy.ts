import { InputReader } from "../inputs/input-reader";
import { SdnError } from "../model/error";
import { parsePolicyName } from "../policy/check";
import { tiers } from "../policy/rule";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { Unknown, unknown } from "../rpc/value";
import { type Items, readItems, targetChoices } from "./firewall/items";
import type { ClusterPlaces } from "./firewall/cluster-places";
import { registerOnClusters } from "./firewall/cluster-side";
import { refuseContainers, refuseForeignClusters, refusePods, refuseStrangers } from "./firewall/group-checks";
import { hostSpec } from "./firewall/host-side";
import { Resolution } from "./firewall/resolve";
import { logText, momentText, readRules, type RuleInputs } from "./firewall/rules";
import { enforcersOf, membersOf } from "./member";
import { clustersOf } from "./cluster-member";
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

interface Spec {
  /** With what only hosts, and what only clusters have a word for. */
  readonly whole: ValueMap;
  /** What hosts get; `undefined` where the policy is about pods alone. */
  readonly hosts: ValueMap | undefined;
}

async function specOf(context: ConstructContext, parsed: PolicyInputs, fabric: ValueMap): Promise<Spec> {
  const { appliesTo, rules } = parsed;
  const resolution = new Resolution(context, parsed.fabric);
  const targets = await resolution.all(appliesTo);
  const ruleSpecs =
    rules instanceof Unknown
      ? unknown
      : await Promise.all(rules.map(async ({ spec, peers }) => ({ ...spec, peers: await resolution.all(peers) })));
  const peers = rules instanceof Unknown ? [rules] : rules.map((rule) => rule.peers);
  const whole = present({
    label: context.name,
    name: context.name,
    ...parsed.spec,
    appliesTo: targets,
    rules: ruleSpecs,
    groups: resolution.groupSpecs([appliesTo, ...peers]),
    management: fabric["management"],
  });
  const hosts = membersOf(fabric).length === 0 ? undefined : hostSpec(whole);
  if (!(rules instanceof Unknown)) await refuseContainers(resolution, rules);
  if (hosts !== undefined) await refusePods(resolution, peers);
  refuseStrangers(resolution, appliesTo, membersOf(fabric), parsed.fabric);
  await refuseForeignClusters(resolution, [appliesTo, ...peers], clustersOf(fabric), parsed.fabric);
  resolution.problems.throwIfAny();
  return { whole, hosts };
}

/** What the hosts get; the names of those that have not got it yet. */
async function registerOnHosts(context: ConstructContext, fabric: ValueMap, spec: ValueMap): Promise<Value> {
  const policy = await context.child({
    type: "sdn:firewall:Policy",
    name: context.name,
    inputs: { hosts: enforcersOf(fabric), spec },
    dependencies: membersOf(fabric).map(({ urn }) => urn),
  });
  return known(policy.outputs, "pending");
}

/** @param places what policies of this run have on clusters */
export const firewallPolicy = (places: ClusterPlaces): ComponentHandler => ({
  token: "sdn:index:FirewallPolicy",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return read(inputs).reader.problems.list;
  },

  async construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    parsePolicyName(context.name, "name");
    const { parsed } = read(inputs);
    const fabric = await outputsOf(context, parsed.fabric);
    const { whole, hosts } = await specOf(context, parsed, fabric);
    const clusters = await registerOnClusters(context, clustersOf(fabric), whole, places);
    const { tier = unknown, priority = unknown, enforcement = unknown } = parsed.spec;
    return {
      fabric: nameOf(parsed.fabric),
      tier,
      priority,
      enforcement,
      hosts: hosts === undefined ? [] : membersOf(fabric).map(({ name }) => name),
      clusters,
      pending: hosts === undefined ? [] : await registerOnHosts(context, fabric, hosts),
    };
  },
});
