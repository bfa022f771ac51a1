import { InputReader } from "../inputs/input-reader";
import { SdnError } from "../model/error";
import type { Connection } from "../model/connection";
import { connectionFromUri, readConnectionValue } from "./connection-inputs";
import type { Hosts } from "./hosts";
import type { Value } from "../rpc/value";
import { isValueMap, ResourceReference } from "../rpc/value";
import { stripSecrets, unwrap } from "../rpc/values";
import { nameOfUrn } from "../rpc/tokens";

export interface FleetMember {
  /** `undefined`: the host's own name. */
  readonly name: string | undefined;
  readonly connection: Connection;
}

/** The argument `hosts`: `Host` resources, or what a `Fabric` says of its own. */
export function readMembers(reader: InputReader, hosts: Hosts): readonly FleetMember[] {
  const items = reader.require("hosts", reader.list("hosts"), "the Host resources, or the hosts of a Fabric") ?? [];
  return items.flatMap((item, index) => {
    const reference = unwrap(item);
    // Before a host was looked at for the first time its id is not known.
    if (reference instanceof ResourceReference && isHost(reference) && typeof reference.id !== "string") {
      reader.unknowns.add(`hosts[${index}]`);
      return [];
    }
    const member = reader.problems.collect(() => readMember(unwrap(item), `hosts[${index}]`, hosts));
    return member === undefined ? [] : [member];
  });
}

function readMember(item: Value, property: string, hosts: Hosts): FleetMember {
  if (item instanceof ResourceReference && typeof item.id === "string" && isHost(item)) {
    const connection = hosts.known(item.id) ?? connectionFromUri(item.id);
    if (connection !== undefined) return { name: nameOfUrn(item.urn), connection };
  }
  if (isValueMap(item)) {
    // A Host's outputs, or an entry of a Fabric's `hosts`.
    const { connection, name, urn } = stripSecrets(item);
    if (isValueMap(connection)) {
      const reader = InputReader.of(connection);
      const parsed = readConnectionValue(reader);
      reader.problems.throwIfAny();
      const given = typeof name === "string" ? name : typeof urn === "string" ? nameOfUrn(urn) : undefined;
      if (parsed !== undefined) return { name: given, connection: hosts.known(uriOf(item)) ?? parsed };
    }
  }
  throw new SdnError({
    code: "invalid-input",
    property,
    cause: "is not a host",
    remedy: "give Host resources, or the hosts of a Fabric",
  });
}

const isHost = ({ urn }: ResourceReference): boolean => urn.includes("sdn:index:Host::");

const uriOf = (item: Value): string => {
  const uri = isValueMap(item) ? item["uri"] : undefined;
  return typeof uri === "string" ? uri : "";
};
