import { formatAddress } from "../model/address";
import { firstAddress, lastAddress, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { Problems } from "../model/problems";
import type { ValueMap } from "../rpc/value";
import { isValueMap } from "../rpc/value";
import { mapsOf } from "./references";

/** An address of a subnet that no endpoint can have, and what it is. */
interface Nobodys {
  readonly address: string;
  readonly what: string;
}

/** Of one family of a subnet, as it was allotted. */
export function nobodys({ cidr, gateway, ranges }: ValueMap): readonly Nobodys[] {
  if (typeof cidr !== "string") return [];
  const block = parseCidr(cidr, "cidr");
  const routers = Object.entries(isValueMap(ranges) ? ranges : {}).flatMap(([host, range]) => {
    const router = isValueMap(range) ? range["router"] : undefined;
    return typeof router === "string" ? [{ address: router, what: `the router of host ${host}` }] : [];
  });
  return [
    ...(typeof gateway === "string" ? [{ address: gateway, what: "the gateway" }] : []),
    ...routers,
    { address: formatAddress(firstAddress(block)), what: "the first address" },
    ...(block.family === 4 ? [{ address: formatAddress(lastAddress(block)), what: "the broadcast address" }] : []),
  ];
}

/** Packets that are sent to a router to be sent on come back to it, and the other addresses have nobody behind them. */
export function checkNextHops(network: ValueMap, subnet: string, impossible: readonly Nobodys[]): void {
  const routing = network["routing"];
  if (!isValueMap(routing)) return;
  const problems = new Problems();
  for (const list of ["routes", "policyRoutes"]) {
    mapsOf(routing, list).forEach(({ nextHop }, index) => {
      const found = impossible.find(({ address }) => address === nextHop);
      if (found === undefined) return;
      problems.add(
        new SdnError({
          code: "invalid-input",
          property: "network",
          value: found.address,
          cause: `is the next hop of the network's ${list}[${index}], and ${found.what} of subnet ${subnet}`,
          remedy: "give the address of an endpoint that sends packets on",
        }),
      );
    });
  }
  problems.throwIfAny();
}
