/** Who a packet is from and to: names and addresses found in a topology. */
import { formatAddress, readAddress } from "../model/address";
import { SdnError } from "../model/error";
import type { Topology, TopologyEndpoint, TopologySubnet } from "./topology";
import { isIn } from "./topology";

export interface RouteQuestion {
  /** Name of the virtual network; needed where `from` is in more than one. */
  readonly network: string | undefined;
  /** Name of an endpoint or container, or an address. */
  readonly from: string;
  readonly to: string;
  /** Host of `from`, where that is an address that nobody is known to have. */
  readonly host: string | undefined;
}

/** One end of the way, in a subnet. */
export interface RouteEnd {
  /** As messages name it: `web1 (10.20.1.5)`. */
  readonly shown: string;
  readonly address: string;
  readonly subnet: TopologySubnet;
  readonly endpoint: TopologyEndpoint | undefined;
  /** `undefined` where nobody knows. */
  readonly host: string | undefined;
}

/** The subnet of a network that an address is in. */
export function subnetHolding(topology: Topology, networkVni: number, address: string): TopologySubnet | undefined {
  return topology.subnets.find((one) => one.networkVni === networkVni && holds(one, address));
}

const holds = (subnet: TopologySubnet, address: string): boolean =>
  isIn(address, subnet.cidr) || isIn(address, subnet.ipv6Cidr);

/** An address in a subnet and where it is: an endpoint's, or of a host's range. */
export function endAt(topology: Topology, subnet: TopologySubnet, address: string): RouteEnd {
  const endpoint = topology.endpoints.find(
    (one) => one.vni === subnet.vni && (one.ipv4 === address || one.ipv6 === address),
  );
  const range = subnet.segments.find((one) => isIn(address, one.range) || isIn(address, one.ipv6Range));
  const shown = endpoint === undefined ? address : `${endpoint.name} (${address})`;
  return { shown, address, subnet, endpoint, host: endpoint?.host ?? range?.host };
}

/** The sender. Throws where it is nobody, or more than one. */
export function senderOf(
  topology: Topology,
  question: RouteQuestion,
  family: 4 | 6,
): RouteEnd & { readonly host: string } {
  const networks = topology.networks.filter(({ name }) => question.network === undefined || name === question.network);
  if (networks.length === 0) {
    const known = topology.networks.map(({ name }) => name).join(", ");
    throw refuse("network", question.network ?? "", "is no network on these hosts", `choose from ${known}`);
  }
  const subnets = topology.subnets.filter((one) => networks.some(({ vni }) => vni === one.networkVni));
  const given = readAddress(question.from);
  const candidates =
    given === undefined
      ? named(topology, subnets, question.from, family)
      : subnets
          .filter((one) => holds(one, formatAddress(given)))
          .map((one) => endAt(topology, one, formatAddress(given)));
  const [first, second] = candidates;
  if (first === undefined) {
    const what = given === undefined ? `is no endpoint with an IPv${family} address` : "is in no subnet";
    throw refuse("from", question.from, `${what} on these hosts`, "write an endpoint's name or an address of a subnet");
  }
  if (second !== undefined) {
    const where = candidates.map(({ subnet }) => `${networkName(topology, subnet)}/${subnet.name}`).join(", ");
    throw refuse("from", question.from, `is in more than one subnet: ${where}`, "set network, or write its address");
  }
  const host = question.host ?? first.host;
  if (host === undefined) {
    throw refuse("host", undefined, `nobody is known to have ${first.address}`, "say on which host it is");
  }
  return { ...first, host };
}

/** The receiver's address: as given, or of the endpoint of that name. */
export function receiverAddress(topology: Topology, question: RouteQuestion): string {
  const given = readAddress(question.to);
  if (given !== undefined) return formatAddress(given);
  const found = topology.endpoints.filter(({ name }) => name === question.to);
  const here = found.filter((one) => networkOfEndpoint(topology, one) === question.network);
  const endpoint = (found.length > 1 && here.length > 0 ? here : found)[0];
  // The sender's family, where both have it, is IPv4 first.
  const sender = topology.endpoints.find(({ name }) => name === question.from);
  const fromAddress = readAddress(question.from);
  const wants6 = fromAddress?.family === 6 || (sender !== undefined && sender.ipv4 === undefined);
  const address = wants6 ? (endpoint?.ipv6 ?? endpoint?.ipv4) : (endpoint?.ipv4 ?? endpoint?.ipv6);
  if (address !== undefined) return address;
  throw refuse("to", question.to, "is neither an address nor an endpoint on these hosts", "write one of the two");
}

function named(
  topology: Topology,
  subnets: readonly TopologySubnet[],
  name: string,
  family: 4 | 6,
): readonly RouteEnd[] {
  return topology.endpoints.flatMap((endpoint) => {
    const subnet = subnets.find(({ vni }) => vni === endpoint.vni);
    const address = family === 4 ? endpoint.ipv4 : endpoint.ipv6;
    if (endpoint.name !== name || subnet === undefined || address === undefined) return [];
    return [{ shown: `${name} (${address})`, address, subnet, endpoint, host: endpoint.host }];
  });
}

function networkOfEndpoint(topology: Topology, { vni }: TopologyEndpoint): string | undefined {
  const subnet = topology.subnets.find((one) => one.vni === vni);
  return subnet === undefined ? undefined : networkName(topology, subnet);
}

function networkName(topology: Topology, subnet: TopologySubnet): string {
  return topology.networks.find(({ vni }) => vni === subnet.networkVni)?.name ?? `VNI ${subnet.networkVni}`;
}

function refuse(property: string, value: string | undefined, cause: string, remedy: string): SdnError {
  return new SdnError({ code: "invalid-input", property, ...(value === undefined ? {} : { value }), cause, remedy });
}
