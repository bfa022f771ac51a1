/** Endpoints, as the program that would make the same. */
import type { HostView, Placed } from "../../compile/fleet-intents";
import type { PortIntent, SegmentAddressing } from "../../compile/intent";
import { markOf } from "../../compile/names";
import { subnetLayout } from "../../ipam/layout";
import { formatAddress, parseAddress, readAddress } from "../../model/address";
import { parseCidr } from "../../model/cidr";
import { formatMac, macFromIpv4 } from "../../model/mac";
import { inRange } from "../../model/range";
import type { FoundSubnet } from "./agreement";
import type { Declaration, PropertyMap } from "./program";
import { given, Reference, referenceTo } from "./program";

const bare = (address: string | undefined): string | undefined => address?.replace(/\/.*$/, "");

/** What is attached to a subnet. */
export function endpointDeclaration(
  { host, intent }: Placed<PortIntent>,
  subnet: Declaration,
  hosts: ReadonlyMap<string, Declaration>,
): Declaration {
  const [ipv4Address, ipv6Address] = [bare(intent.ipv4?.address), bare(intent.ipv6?.address)];
  const derived = ipv4Address === undefined ? undefined : formatMac(macFromIpv4(parseAddress(ipv4Address, "ipv4")));
  return {
    type: "Endpoint",
    name: intent.name,
    properties: given({
      host: referenceTo(hosts, host),
      subnet: new Reference(subnet),
      ...attachedProperty(intent),
      ipv4Address,
      ipv6Address,
      macAddress: macGiven(intent, derived) ? intent.mac : undefined,
      antiSpoofing: intent.guard === undefined ? false : undefined,
      allowedAddressPairs: pairsOf(intent),
    }),
  };
}

/** What is derived from the IPv4 address, or of an interface whose owner chose it, comes out the same by itself. */
function macGiven({ mac, attachment, guard }: PortIntent, derived: string | undefined): boolean {
  if (attachment.kind === "docker") return false;
  return attachment.kind === "interface" ? guard?.bindMac === true : mac !== derived;
}

function pairsOf({ guard }: PortIntent): readonly PropertyMap[] | undefined {
  const pairs = (guard?.pairs ?? []).map(({ cidr, mac }) => given({ address: cidr, macAddress: mac }));
  return pairs.length === 0 ? undefined : pairs;
}

const inside = (name: string): PropertyMap => (name === "eth0" ? {} : { interface: name });

function attachedProperty({ attachment }: PortIntent): PropertyMap {
  switch (attachment.kind) {
    case "docker":
      return { container: { name: attachment.container } };
    case "container":
      return { container: { name: attachment.container, networkMode: "none", ...inside(attachment.interface) } };
    case "namespace":
      return { namespace: { name: attachment.namespace, ...inside(attachment.interface) } };
    case "interface":
      return { interface: { name: attachment.interface } };
  }
}

/** Containers with an address that only a declaration gives out: it is reserved again, so that nobody else gets it. */
export function reservations(
  { segments, ports }: FoundSubnet,
  subnet: Declaration,
  hosts: ReadonlyMap<string, Declaration>,
  views: readonly HostView[],
): readonly Declaration[] {
  return segments.flatMap(({ host, intent }) => {
    const snapshot = views.find((view) => view.name === host)?.snapshot;
    const network = snapshot?.dockerNetworks.find(
      (one) => one.name === intent.dockerNetwork && one.mark === markOf(intent),
    );
    return (network?.containers ?? [])
      .filter(({ name }) => !ports.some((port) => port.host === host && containerOf(port.intent) === name))
      .flatMap(({ name, ipv4, ipv6 }) => {
        // What the engine handed out by itself, of its own range, it will hand out again.
        const own = given({
          ipv4Address: isReserved(intent.ipv4, ipv4) ? ipv4 : undefined,
          ipv6Address: isReserved(intent.ipv6, ipv6) ? ipv6 : undefined,
        });
        if (Object.keys(own).length === 0 || !/^[A-Za-z][A-Za-z0-9._-]{0,62}$/.test(name)) return [];
        const place = { host: referenceTo(hosts, host), subnet: new Reference(subnet) };
        const comment = `The address that container ${name} has.`;
        return [{ type: "Endpoint", name, properties: { ...place, ...own }, comment }];
      });
  });
}

function containerOf({ attachment }: PortIntent): string | undefined {
  return attachment.kind === "docker" || attachment.kind === "container" ? attachment.container : undefined;
}

/** Whether an address is one that only a declared endpoint can have. */
function isReserved(family: SegmentAddressing | undefined, text: string): boolean {
  const address = readAddress(text);
  if (family === undefined || address === undefined || formatAddress(address) === family.gateway) return false;
  const hostRangePrefixLength = parseCidr(family.range, "range").prefixLength;
  const { endpointRanges } = subnetLayout(parseCidr(family.cidr, "cidr"), { hostRangePrefixLength });
  return endpointRanges.some((range) => inRange(address, range));
}
