import { InputReader } from "../inputs/input-reader";
import { SdnError } from "../model/error";
import { readConnectionValue, connectionFromUri } from "../resources/connection-inputs";
import type { Hosts } from "../resources/hosts";
import type { Value } from "../rpc/value";
import { isValueMap, ResourceReference } from "../rpc/value";
import { stripSecrets, unwrap } from "../rpc/values";
import { nameOfUrn } from "../rpc/tokens";
import type { FleetMember } from "./fleet";

/** The argument `hosts`: `Host` resources, or what a `Fabric` says of its own. */
export function readMembers(reader: InputReader, hosts: Hosts): readonly FleetMember[] {
  const items = reader.require("hosts", reader.list("hosts"), "the Host resources, or the hosts of a Fabric") ?? [];
  return items.flatMap((item, index) => {
    const member = reader.problems.collect(() => readMember(unwrap(item), `hosts[${index}]`, hosts));
    return member === undefined ? [] : [member];
  });
}

function readMember(item: Value, property: string, hosts: Hosts): FleetMember {
  if (item instanceof ResourceReference && typeof item.id === "string" && item.urn.includes("sdn:index:Host::")) {
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

const uriOf = (item: Value): string => {
  const uri = isValueMap(item) ? item["uri"] : undefined;
  return typeof uri === "string" ? uri : "";
};
