import { memberKey } from "../../compile/firewall/document";
import type { MemberSpec, PolicySpec } from "../../compile/firewall/intent";
import { groupsOf, labelledEndpoint, namedIn, policyOf } from "../../compile/firewall/parse-spec";
import { parseName } from "../../model/name";
import type { EntryKind } from "./entry-resource";

/** A policy, on every host that it concerns. */
export const policyKind: EntryKind<PolicySpec> = {
  token: "sdn:firewall:Policy",
  kind: "policy",
  noun: "policy",
  key: ({ name }) => name,
  identity: ["name"],
  check: (spec) => {
    policyOf(spec);
    groupsOf(spec);
    namedIn(spec);
  },
};

/** An endpoint with labels, on every host of its fabric. */
export const memberKind: EntryKind<MemberSpec> = {
  token: "sdn:firewall:Member",
  kind: "member",
  noun: "endpoint",
  key: memberKey,
  identity: ["vni", "name"],
  check: (spec) => {
    parseName(spec.name, "spec.name");
    labelledEndpoint(spec);
  },
};
