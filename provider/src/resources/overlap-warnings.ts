import type { Intent, RouterIntent, SegmentIntent } from "../compile/intent";
import { markOf } from "../compile/names";
import { overlaps, parseCidr } from "../model/cidr";
import type { Snapshot } from "../model/snapshot";
import { namesWarnings } from "./precheck-names";

/** How many routes a warning names. */
const named = 4;

/** Whose a link is, by what makes links of such names. */
const owners: readonly (readonly [RegExp, string])[] = [
  [/^(docker\d+|br-[0-9a-f]{12})$/, "Docker's"],
  [/^(cni\d+|flannel\.\d+|cali[0-9a-f]*|vxlan\.calico|tunl0|cilium_\w+|lxc\w+|kube-\w+|weave)$/, "the cluster's"],
  [/^(virbr|lxdbr|lxcbr|incusbr)\d*$/, "virtual machines' or containers'"],
  [/^(wg|tun|tap|ppp|tailscale)\d*$/, "a tunnel's"],
];

/** What fits the host today and may still surprise somebody. */
export function overlapWarnings(intent: Intent, snapshot: Snapshot): readonly string[] {
  switch (intent.kind) {
    case "router":
      return hiddenDestinations(intent, snapshot);
    case "segment":
      return contestedPools(intent, snapshot);
    case "service":
      return namesWarnings(intent, snapshot);
    case "port":
    case "peering":
    case "adopted":
      return [];
  }
}

/**
 * One engine refuses two networks that overlap. The networks that it has are looked at elsewhere; these are those that
 * it may make by itself, whenever somebody asks for one without saying its addresses.
 */
function contestedPools(intent: SegmentIntent, { facts, dockerNetworks }: Snapshot): readonly string[] {
  if (intent.dockerNetwork === undefined) return [];
  const had = dockerNetworks.filter(({ mark }) => mark === markOf(intent)).flatMap(({ subnets }) => subnets);
  return [intent.ipv4, intent.ipv6].flatMap((family) => {
    if (family === undefined) return [];
    const wanted = family.pool ?? family.cidr;
    if (had.includes(wanted)) return [];
    const pools = (facts?.docker?.addressPools ?? []).filter((pool) =>
      overlaps(parseCidr(pool, "pool"), parseCidr(wanted, "cidr")),
    );
    if (pools.length === 0) return [];
    return [
      `subnet ${intent.label} (${wanted}) overlaps ${pools.join(", ")}, from which this Docker engine takes the addresses ` +
        "of networks that are given none. Where such a network has them first, the engine refuses the subnet's. " +
        "Choose another CIDR, or set the engine's default-address-pools.",
    ];
  });
}

/**
 * What a network with a way out hides from its own endpoints: the network's space is looked for inside first, so what
 * else the host reaches at these addresses is not reached from inside. Nothing of the host's own traffic changes, and
 * without a way out nothing is lost.
 */
function hiddenDestinations(intent: RouterIntent, { host }: Snapshot): readonly string[] {
  if ((intent.egress?.mode ?? (intent.egress && "nat")) !== "nat") return [];
  const spaces = spacesOf(intent);
  const hidden = host.routes.filter(
    ({ destination, device }) =>
      !/\/0$/.test(destination) &&
      !device.startsWith("sdn-") &&
      device !== "blackhole" &&
      !destination.startsWith("fe80:") &&
      spaces.some((space) => overlaps(parseCidr(space, "cidr"), parseCidr(destination, "route"))),
  );
  if (hidden.length === 0) return [];
  const shown = hidden.slice(0, named).map(({ destination, device, via }) => {
    const owner = owners.find(([pattern]) => pattern.test(device))?.[1];
    return `${destination} (${owner === undefined ? "" : `${owner}, `}by ${device}${via === undefined ? "" : ` via ${via}`})`;
  });
  const more = hidden.length > named ? ` and ${hidden.length - named} more` : "";
  return [
    `the space of network ${intent.label} (${spaces.join(", ")}) overlaps what the host reaches: ${shown.join(", ")}${more}. ` +
      "From inside the network these addresses are the network's own, so its endpoints do not reach the others by egress. " +
      "Give the network another cidr if they shall.",
  ];
}

const spacesOf = ({ cidr, ipv6Cidr }: RouterIntent): readonly string[] =>
  [cidr, ipv6Cidr].filter((space) => space !== undefined);
