import type { Value, ValueMap } from "../rpc/value";
import { unknown } from "../rpc/value";
import { known, present } from "./references";

/** A host as a fabric's components pass it on: how it is reached and what the overlay needs to know of it. */
export interface Member {
  readonly name: string;
  readonly urn: string;
  readonly connection: Value;
  readonly uri: Value;
  readonly hasDocker: Value;
  readonly underlayAddress: Value;
  readonly underlayMtu: Value;
}

export function memberOf(name: string, urn: string, host: ValueMap): Member {
  const { connection = unknown } = host;
  return {
    name,
    urn,
    connection,
    uri: known(host, "uri"),
    hasDocker: known(host, "hasDocker"),
    underlayAddress: known(host, "underlayAddress"),
    underlayMtu: known(host, "underlayMtu"),
  };
}

export function memberValue(member: Member): ValueMap {
  return present({ ...member });
}

/** The members in another component's outputs, in its order. */
export function membersOf(outputs: ValueMap): readonly Member[] {
  const hosts = known(outputs, "hosts");
  if (!Array.isArray(hosts)) return [];
  return (hosts as readonly ValueMap[]).map((host) => memberOf(wordOf(host["name"]), wordOf(host["urn"]), host));
}

const wordOf = (value: Value | undefined): string => (typeof value === "string" ? value : "");

/** The hosts that a policy or the labels of an endpoint go to, as `sdn:firewall:*` take them. */
export function enforcersOf(fabric: ValueMap): Value {
  if (!Array.isArray(known(fabric, "hosts"))) return unknown;
  return membersOf(fabric).map(({ name, connection }) => ({ name, connection }));
}
