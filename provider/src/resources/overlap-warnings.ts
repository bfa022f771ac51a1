import type { Intent, RouterIntent } from "../compile/intent";
import { overlaps, parseCidr } from "../model/cidr";
import type { Snapshot } from "../model/snapshot";

/** How many routes a warning names. */
const named = 4;

/** Whose a link is, by what makes links of such names. */
const owners: readonly (readonly [RegExp, string])[] = [
  [/^(docker\d+|br-[0-9a-f]{12})$/, "Docker's"],
  [/^(cni\d+|flannel\.\d+|cali[0-9a-f]*|vxlan\.calico|tunl0|cilium_\w+|lxc\w+|kube-\w+|weave)$/, "the cluster's"],
  [/^(virbr|lxdbr|lxcbr|incusbr)\d*$/, "virtual machines' or containers'"],
  [/^(wg|tun|tap|ppp|tailscale)\d*$/, "a tunnel's"],
];

/**
 * What a network with a way out hides from its own endpoints: the network's space is looked for inside first, so what
 * else the host reaches at these addresses is not reached from inside. Nothing of the host's own traffic changes, and
 * without a way out nothing is lost.
 */
export function overlapWarnings(intent: Intent, { host }: Snapshot): readonly string[] {
  if (intent.kind !== "router" || (intent.egress?.mode ?? (intent.egress && "nat")) !== "nat") return [];
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
