import type { DestinationNat, Intent, RouterIntent } from "../compile/intent";
import { portText, untranslatedSpaces } from "../compile/nat";
import { uplinkName } from "../compile/names";
import { overlaps, parseCidr } from "../model/cidr";
import type { Snapshot } from "../model/snapshot";
import type { Say } from "./precheck";

/** Whether the host has the addresses and ports that a network's translations use, and has them free. */
export function natFits(intent: RouterIntent, snapshot: Snapshot, others: readonly Intent[], say: Say): void {
  const rivals = others.filter((one) => one.kind === "router");
  addressesAreThere(intent, snapshot, say);
  for (const wanted of intent.nat?.destination ?? []) {
    listenerIsAway(wanted, snapshot, say);
    portIsFree(wanted, rivals, say);
  }
  for (const space of untranslatedSpaces(intent)) spaceIsFree(intent, space, snapshot, rivals, say);
}

function addressesAreThere({ nat }: RouterIntent, snapshot: Snapshot, say: Say): void {
  const present = new Set(
    [...snapshot.host.links.values()].flatMap(({ addresses }) => addresses.map((one) => one.replace(/\/.*/, ""))),
  );
  const check = (property: string, address: string): void => {
    if (address === "host" || address === "none" || present.has(address)) return;
    const remedy = "give the address to an interface of the host, or limit the rule to the hosts that have it (hosts)";
    say({ code: "not-found", property, value: address, cause: "is no address of the host", remedy });
  };
  for (const { address } of nat?.source ?? []) check("nat.source", address);
  for (const { address } of nat?.destination ?? []) check("nat.destination", address);
}

type Ports = Pick<DestinationNat, "protocol" | "port" | "endPort">;

const meets = (one: Ports, other: Ports): boolean =>
  one.protocol === other.protocol &&
  one.port <= (other.endPort ?? other.port) &&
  other.port <= (one.endPort ?? one.port);

function listenerIsAway(wanted: DestinationNat, { listeners }: Snapshot, say: Say): void {
  const found = listeners.find(
    (one) => meets(wanted, one) && (one.address === undefined || one.address === wanted.address),
  );
  if (found === undefined) return;
  say({
    code: "conflict",
    property: "nat.destination",
    value: portText(wanted),
    cause: `the host itself listens on ${found.protocol} port ${found.port}`,
    remedy: "choose another port or address: what is translated no longer reaches the host",
  });
}

function portIsFree(wanted: DestinationNat, rivals: readonly RouterIntent[], say: Say): void {
  for (const { label, nat } of rivals) {
    const held = nat?.destination.find((one) => one.address === wanted.address && meets(one, wanted));
    if (held === undefined) continue;
    say({
      code: "conflict",
      property: "nat.destination",
      value: portText(wanted),
      cause: `network ${label} has ${portText(held)} on this host`,
      remedy: "a port leads to one endpoint: choose another port, address or host",
    });
  }
}

/** What leaves untranslated needs a route back on the host, and a host has one for each destination. */
function spaceIsFree(
  intent: RouterIntent,
  space: string,
  snapshot: Snapshot,
  rivals: readonly RouterIntent[],
  say: Say,
): void {
  const block = parseCidr(space, "cidr");
  const meetsBlock = (text: string): boolean => overlaps(parseCidr(text, "cidr"), block);
  const refuse = (cause: string): void => {
    const remedy = "let one of the two be translated (egress: nat), or give it another address space";
    say({ code: "conflict", property: "egress", value: space, cause, remedy });
  };
  for (const rival of rivals) {
    const other = untranslatedSpaces(rival).find(meetsBlock);
    if (other !== undefined) refuse(`network ${rival.label} leaves this host untranslated too, with ${other}`);
  }
  const own = uplinkName(intent.vni);
  const route = snapshot.host.routes.find(
    ({ destination, device }) =>
      device !== own && !device.startsWith("sdn-u-") && !destination.endsWith("/0") && meetsBlock(destination),
  );
  if (route !== undefined) refuse(`the host has a route to ${route.destination} by ${route.device}`);
}
