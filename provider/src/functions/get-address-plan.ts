import type { AddressPlan, NetworkSpacePlan, Room, SpacePlan } from "../compile/address-plan";
import { addressPlan } from "../compile/address-plan";
import { holdingsOnHosts } from "../compile/holdings-on-hosts";
import { InputReader } from "../inputs/input-reader";
import { addressTable } from "../render/address-table";
import type { Hosts } from "../resources/hosts";
import type { CallContext, FunctionHandler } from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";
import { readFleet } from "./fleet";
import { readMembers } from "../resources/fleet-members";
import { withRun } from "./holdings-of-run";
import type { Outcome } from "./outcome";
import { unknownResult } from "./outcome";
import { plain } from "./plain";

/** Addresses in use and left: what this run lays down, and what the hosts hold. */
export class GetAddressPlan implements FunctionHandler {
  readonly token = "sdn:index:getAddressPlan";

  constructor(private readonly hosts: Hosts) {}

  async invoke(context: CallContext, args: ValueMap): Promise<Outcome> {
    const reader = InputReader.of(args);
    const members = readMembers(reader, this.hosts);
    reader.finish();
    if (!reader.problems.empty) return { failures: reader.problems.list };
    if (reader.unknowns.size > 0) return unknownResult("networks", "subnets", "vnis", "table");
    const views = await readFleet(this.hosts, members, context.signal, { withDrift: false });
    for (const { name, problem } of views) {
      if (problem !== undefined)
        context.log("warning", `host ${name} was not read, so more addresses may be in use: ${problem}`);
    }
    const plan = addressPlan(withRun(holdingsOnHosts(views), this.hosts.allocations));
    return { result: addressPlanValue(plan) };
  }
}

/** As the schema has it. */
export function addressPlanValue(plan: AddressPlan): ValueMap {
  return plain({
    networks: plan.networks.map(({ spaces, ...network }) => ({
      ...network,
      ipv4: spaces.filter(({ cidr }) => !cidr.includes(":")).map(networkSpaceValue)[0],
      ipv6: spaces.filter(({ cidr }) => cidr.includes(":")).map(networkSpaceValue)[0],
    })),
    subnets: plan.subnets.map(({ ipv4, ipv6, ...subnet }) => ({
      ...subnet,
      ipv4: ipv4 === undefined ? undefined : spaceValue(ipv4),
      ipv6: ipv6 === undefined ? undefined : spaceValue(ipv6),
    })),
    vnis: plan.vnis.map((one) => ({ ...one })),
    table: addressTable(plan),
  });
}

const networkSpaceValue = ({ cidr, taken, free }: NetworkSpacePlan) => ({
  cidr,
  taken: taken.map((one) => ({ ...one })),
  free,
});

/** Numbers of IPv6 addresses are rounded where they are too large for a number of JSON. */
const roomValue = ({ total, inUse, left }: Room) => ({
  total: Number(total),
  inUse: Number(inUse),
  left: Number(left),
});

const spaceValue = ({ cidr, size, endpoints, hostRanges, hostRangesLeft, reservations, addresses }: SpacePlan) => ({
  cidr,
  size: Number(size),
  endpoints: endpoints === undefined ? undefined : { ranges: endpoints.ranges, ...roomValue(endpoints) },
  hostRanges: hostRanges.map((one) => ({ host: one.host, cidr: one.cidr, router: one.router, ...roomValue(one) })),
  hostRangesLeft: hostRangesLeft === undefined ? undefined : Number(hostRangesLeft),
  reservations: reservations.map((one) => ({ ...one })),
  addresses: addresses.map((one) => ({ ...one })),
});
