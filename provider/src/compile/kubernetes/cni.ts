/** CNI configuration lists that attach pods to a subnet's bridge on its hosts (CNI specification 1.0.0). Pure. */

import { type Address, type Family, formatAddress } from "../../model/address";
import { type Cidr, firstAddress, formatCidr, lastAddress } from "../../model/cidr";
import { SdnError } from "../../model/error";
import { bridgeName } from "../names";
import type { Json } from "./object";

/** A subnet as pods are attached to it. */
export interface PodSubnet {
  readonly vni: number;
  readonly mtu: number;
  readonly cidrs: readonly Cidr[];
  /** None where the subnet is internal. */
  readonly gateways: readonly Address[];
}

/** Where pods get their addresses from. */
export type PodAddresses =
  /** The runtime says which for each pod: those of declared endpoints. */
  | { readonly kind: "endpoints" }
  /** One host's own range of each family. */
  | { readonly kind: "hosts"; readonly ranges: readonly Cidr[] };

export type CniConfigList = { readonly [key: string]: Json };

/**
 * The list for the hosts of a subnet; with `hosts`, for the one that has the ranges.
 *
 * @param routes destinations that pods reach by the subnet's gateway
 * @throws SdnError `invalid-input` where the subnet has no gateway of a route's family
 */
export function cniConfigList(
  name: string,
  subnet: PodSubnet,
  addresses: PodAddresses,
  routes: readonly Cidr[],
): CniConfigList {
  const ways = routes.map((route, index) => ({
    dst: formatCidr(route),
    gw: formatAddress(gatewayOf(subnet, route.family, `routes[${index}]`)),
  }));
  const ipam = {
    ...(addresses.kind === "endpoints"
      ? { type: "static" }
      : { type: "host-local", ranges: addresses.ranges.map((range) => [rangeJson(range, subnet)]) }),
    ...(ways.length === 0 ? {} : { routes: ways }),
  };
  const bridge = {
    type: "bridge",
    bridge: bridgeName(subnet.vni),
    mtu: subnet.mtu,
    // The gateway and all translation are the router's.
    isGateway: false,
    ipMasq: false,
    capabilities: { mac: true, ...(addresses.kind === "endpoints" ? { ips: true } : {}) },
    ipam,
  };
  return { cniVersion: "1.0.0", name, plugins: [bridge] };
}

function gatewayOf({ gateways }: PodSubnet, family: Family, property: string): Address {
  const gateway = gateways.find((one) => one.family === family);
  if (gateway !== undefined) return gateway;
  throw new SdnError({
    code: "invalid-input",
    property,
    cause: `the subnet has no IPv${family} gateway`,
    remedy: "leave the route out, or take a subnet of that family that is not internal",
  });
}

/** Without the host's own router, which has the first address, and the subnet's broadcast address. */
function rangeJson(range: Cidr, { cidrs }: PodSubnet): Json {
  const subnet = cidrs.find((one) => one.family === range.family);
  if (subnet === undefined) throw new SdnError({ code: "internal", cause: `${formatCidr(range)} is of no subnet` });
  const { family } = range;
  const [first, last] = [firstAddress(range).value + 1n, lastAddress(range).value];
  const isBroadcast = family === 4 && last === lastAddress(subnet).value;
  return {
    subnet: formatCidr(subnet),
    rangeStart: formatAddress({ family, value: first }),
    rangeEnd: formatAddress({ family, value: isBroadcast ? last - 1n : last }),
  };
}
