import { memberKey } from "../../compile/firewall/document";
import type { MemberSpec, PolicySpec } from "../../compile/firewall/intent";
import { endpointsIn, groupsOf, policyOf, subnetsIn } from "../../compile/firewall/parse-spec";
import { parseAddress } from "../../model/address";
import { parseCidr } from "../../model/cidr";
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
    for (const { cidrs } of subnetsIn(spec)) for (const cidr of cidrs) parseCidr(cidr, "spec");
    for (const { addresses } of endpointsIn(spec)) for (const address of addresses) parseAddress(address, "spec");
  },
};

/** An endpoint with labels, on every host of its fabric. */
export const memberKind: EntryKind<MemberSpec> = {
  token: "sdn:firewall:Member",
  kind: "member",
  noun: "endpoint",
  key: memberKey,
  identity: ["vni", "name"],
  check: ({ name, addresses }) => {
    parseName(name, "spec.name");
    for (const address of addresses) parseAddress(address, "spec.addresses");
  },
};
