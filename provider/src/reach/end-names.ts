/** Ends by the names that people have for them: endpoints, containers, subnets, networks, groups, hosts, addresses. */

import { addressToCidr, type Cidr, parseCidr } from "../model/cidr";
import { readAddress } from "../model/address";
import { SdnError } from "../model/error";
import { networkName, segmentName } from "../compile/firewall/world-names";
import type { Topology, TopologyEndpoint } from "../compile/topology";
import { noAddress, addressesOf } from "../policy/address-set";
import { matchesLabels, type Selector } from "../policy/selector";
import type { Version } from "./classes";
import { type End, type Mark, markOf } from "./mark";
import type { NamedMark } from "./naming";
import type { Realm } from "./realm";

/** Names mean all who have them; blocks of addresses may be anywhere, so of their classes one that has a way will do. */
export const isStrict = (text: string): boolean => text !== "any" && blockIn(text, "") === undefined;

/** Endpoints that are declared with such labels. */
export function labelledMark(key: string, selector: Selector, { world }: Realm): Mark {
  const found = world.endpoints.filter(
    ({ labels }) => Object.keys(labels).length > 0 && matchesLabels(selector, labels),
  );
  const networkOf = new Map(world.segments.map(({ name, network }) => [name, network]));
  return {
    key,
    isHost: () => false,
    addresses: (network) =>
      addressesOf(
        found.filter(({ segment }) => networkOf.get(segment) === network).flatMap(({ addresses }) => addresses),
      ),
  };
}

/**
 * The marks of everybody with that name, which is what they have in common.
 *
 * @param property that the name came from, for the error
 * @throws SdnError `invalid-input` where nobody has it
 */
export function marksNamed(text: string, property: string, topology: Topology, version: Version): readonly NamedMark[] {
  const found = version.flatMap((realm, index) =>
    marksIn(text, property, topology, realm).map((mark, place) => ({
      text,
      mark: { ...mark, key: `${property} ${index} ${place}` },
    })),
  );
  if (found.length > 0) return found;
  throw new SdnError({
    code: "invalid-input",
    property,
    value: text,
    cause: "is no endpoint, container, subnet, network, group or host on these hosts, and no address",
    remedy: "write one of these, an address, a CIDR, or any",
  });
}

function marksIn(text: string, property: string, topology: Topology, realm: Realm): readonly Mark[] {
  const of = (end: End): Mark => markOf("", end, realm);
  if (text === "any") return [of({ kind: "any" })];
  const block = blockIn(text, property);
  if (block !== undefined) return [of({ kind: "cidr", cidr: block, except: [] })];
  const endpoints = realm.world.endpoints.filter(({ name }) => name.slice(name.indexOf("/") + 1) === text);
  const guests = topology.endpoints.filter(({ name, declared }) => name === text && !declared);
  if (endpoints.length + guests.length > 0) {
    return [
      ...endpoints.map(({ name }) => of({ kind: "endpoint", name })),
      ...guests.map((one) => guestMark(one, topology)),
    ];
  }
  const subnets = topology.subnets.filter(({ name }) => name === text);
  if (subnets.length > 0) return subnets.map(({ vni }) => of({ kind: "subnet", name: segmentName(vni) }));
  const networks = topology.networks.filter(({ name }) => name === text);
  if (networks.length > 0) return networks.map(({ vni }) => of({ kind: "network", name: networkName(vni) }));
  const groups = realm.world.groups.filter(({ name }) => name.slice(name.indexOf("/") + 1) === text);
  if (groups.length > 0) return groups.map(({ name }) => of({ kind: "group", name }));
  return topology.hosts.filter(({ name }) => name === text).map(({ uri }) => of({ kind: "host", name: uri }));
}

function blockIn(text: string, property: string): Cidr | undefined {
  if (text.includes("/") && readAddress(text.slice(0, text.indexOf("/"))) !== undefined)
    return parseCidr(text, property);
  const address = readAddress(text);
  return address === undefined ? undefined : addressToCidr(address);
}

/** A container that joined by itself is nobody that policies know by name. */
function guestMark({ vni, ipv4, ipv6 }: TopologyEndpoint, { subnets }: Topology): Mark {
  const addresses = addressesOf([ipv4, ipv6].flatMap((text) => (text === undefined ? [] : (readAddress(text) ?? []))));
  const own = subnets.find((one) => one.vni === vni);
  return {
    key: "",
    isHost: () => false,
    addresses: (network) => (own !== undefined && network === networkName(own.networkVni) ? addresses : noAddress),
  };
}
