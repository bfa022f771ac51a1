/** The function that tells what the rules of a firewall have counted. */
import { hosts } from "./seeing";
import type { FunctionSpec, ObjectTypeSpec, PropertySpec } from "./types";
import { integer, listOf, string, strings } from "./types";

const counts: Readonly<Record<string, PropertySpec>> = {
  packets: integer("Packets. Of an allowed flow the first one alone is counted."),
  bytes: integer("Bytes of these packets."),
  since: string(
    "Since when it is counted, by the host's clock: `2027-03-01T18:00:00Z`. Absent where nothing on the host can match it: the rules before it leave nothing, or what it is about is not there.",
  ),
  lastHit: string(
    "When the host first saw that the last packet had come, by its clock: at most five minutes later. Absent where none has come.",
  ),
};

const ruleHits: ObjectTypeSpec = {
  type: "object",
  description: "What one rule has counted on one host.",
  properties: {
    host: string("The host's name."),
    policy: string("The policy's name."),
    owner: string("The project and stack that made it: `PROJECT/STACK`."),
    rule: string("The rule's name, or `default`."),
    ...counts,
    wouldDrop: integer("Packets that it would have dropped. Absent where the policy does not watch."),
  },
  required: ["host", "policy", "owner", "rule", "packets", "bytes"],
};

const dropHits: ObjectTypeSpec = {
  type: "object",
  description: "What was dropped on one host without a policy's say.",
  properties: {
    host: string("The host's name."),
    reason: string("`held`, `cut`, `invalid`, `not-syn` or `link-local`: docs/firewall.md says what they are."),
    ...counts,
  },
  required: ["host", "reason", "packets", "bytes"],
};

const ruleTotal: ObjectTypeSpec = {
  type: "object",
  description: "What one rule has counted over all hosts.",
  properties: {
    rule: string("The rule's name, or `default`. Absent where it is about all rules of the policy together."),
    packets: integer("Packets. Of an allowed flow the first one alone is counted."),
    wouldDrop: integer("Packets that it would have dropped. Absent where the policy does not watch."),
    lastHit: string("When the last packet came, as of `FirewallRuleHits`."),
  },
  required: ["packets"],
};

export const firewallHitsTypes = {
  "sdn:index:FirewallDropHits": dropHits,
  "sdn:index:FirewallRuleHits": ruleHits,
  "sdn:index:FirewallRuleTotal": ruleTotal,
} as const;

export const getFirewallHits: FunctionSpec = {
  description:
    "What the rules of the hosts' firewalls have counted until now, rule by rule and host by host, and which never matched. Rules that pass or are not enabled decide nothing, so they are not in it; neither are rules that allow in a policy that watches. Reads the hosts (one execution each); changes nothing of their networks.",
  inputs: {
    type: "object",
    description: "Which hosts and policy.",
    properties: {
      hosts,
      policy: string(
        "Name of the only policy to tell of. Default: all of all stacks, and what is dropped without one.",
      ),
    },
    required: ["hosts"],
  },
  outputs: {
    type: "object",
    description: "What was counted.",
    properties: {
      rules: listOf("sdn:index:FirewallRuleHits", "The rules in their order, host by host; also those with no hit."),
      drops: listOf("sdn:index:FirewallDropHits", "What was dropped without a policy's say."),
      neverMatched: strings("`POLICY/RULE` of the rules that have counted nothing on any of the hosts."),
      table: string("All of it as text, to look at."),
    },
    required: ["rules", "drops", "neverMatched", "table"],
  },
};
