import type {
  AddressPlan,
  AddressUse,
  NetworkPlan,
  NetworkSpacePlan,
  Room,
  SpacePlan,
  SubnetPlan,
} from "../compile/address-plan";

/** Addresses in use and left, for a person to look at. Ends with a line break. */
export function addressTable({ networks, subnets, vnis }: AddressPlan): string {
  if (vnis.length === 0) return "nothing of sdn\n";
  return [...networks.flatMap(networkLines), ...subnets.flatMap(subnetLines), ""].join("\n");
}

function networkLines({ name, vni, owner, spaces }: NetworkPlan): readonly string[] {
  return [`network ${name}  VNI ${vni}  ${owner}`, ...spaces.flatMap(networkSpaceLines)];
}

/** How many free blocks a line names. */
const named = 4;

function networkSpaceLines({ cidr, taken, free }: NetworkSpacePlan): readonly string[] {
  const blocks = rows(taken.map((one) => [one.cidr, `subnet ${one.subnet}`]));
  const more = free.length > named ? ` and ${free.length - named} more` : "";
  const largest = [...free].sort((one, other) => lengthOf(one) - lengthOf(other)).slice(0, named);
  return [`  ${cidr}`, ...indented(blocks), `    free: ${free.length === 0 ? "nothing" : largest.join(", ")}${more}`];
}

const lengthOf = (cidr: string): number => Number(cidr.slice(cidr.indexOf("/") + 1));

function subnetLines({ name, network, vni, rulesKnown, ipv4, ipv6 }: SubnetPlan): readonly string[] {
  const spaces = [ipv4, ipv6].filter((space) => space !== undefined);
  const note = rulesKnown ? "" : "  (reservations and allocation ranges are the program's, and not known here)";
  return [`subnet ${name} of ${network}  VNI ${vni}${note}`, ...spaces.flatMap(spaceLines)];
}

function spaceLines({ cidr, endpoints, hostRanges, hostRangesLeft, reservations, addresses }: SpacePlan): string[] {
  const room =
    endpoints === undefined
      ? ""
      : `  endpoints: ${roomText(endpoints)} in ${endpoints.ranges.map(rangeText).join(", ")}`;
  const lines = rows([
    ...addresses.map((one) => [one.address, useText(one)] as const),
    ...reservations.map(({ range, reason }) => [rangeText(range), `reserved: ${reason}`] as const),
    ...hostRanges.map((one) => [one.cidr, `host ${one.host}: ${roomText(one)}`] as const),
  ]);
  const left = hostRangesLeft === undefined ? [] : [`    free: ranges for ${hostRangesLeft} more hosts`];
  return [`  ${cidr}${room}`, ...indented(lines), ...left];
}

const roomText = ({ total, inUse, left }: Room): string =>
  `${inUse} of ${countText(total)} in use, ${countText(left)} left`;

/** What nobody counts is told by its size. */
const countText = (count: bigint): string =>
  count < 1n << 32n ? String(count) : `about 2^${(count + (count >> 1n)).toString(2).length - 1}`;

/** A range of one address is that address. */
const rangeText = (range: string): string => {
  const [first, last] = range.split("-");
  return first === last ? (first ?? range) : range;
};

function useText({ use, name, host }: AddressUse): string {
  const at = host === undefined ? "" : ` on ${host}`;
  return `${use}${name === "" ? "" : ` ${name}`}${at}`;
}

function rows(cells: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(0, ...cells.map(([first]) => first.length));
  return cells.map(([first, second]) => `${first.padEnd(width)}  ${second}`);
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `    ${line}`);
