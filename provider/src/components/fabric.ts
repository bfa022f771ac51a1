import { familyBits, formatAddress, parseAddress, readAddress } from "../model/address";
import { formatCidr, parseCidr, size } from "../model/cidr";
import { SdnError } from "../model/error";
import { type Problems } from "../model/problems";
import { InputReader } from "../inputs/input-reader";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { unknown } from "../rpc/value";
import type { ReservedCidr } from "../inputs/reserved-cidrs";
import { readReservedCidrs, reservedValue } from "../inputs/reserved-cidrs";
import { parseFamilyCidr, readVniRange } from "../inputs/spaces";
import { parseDnsName } from "../model/name";
import { overlayOverhead } from "../model/overlay";
import { parsePortText } from "./firewall/services";
import type { Member } from "./member";
import { memberOf, memberValue } from "./member";
import { clusterOf, clusterValue, reservedByCluster } from "./cluster-member";
import { nameOf, outputsOf, referenceOf, refuseRepeated } from "./references";
import { transitBlock } from "./transit";

const defaults = {
  vniRange: { start: 4096, end: 12287 },
  underlayPort: 4789,
  addressPools: ["10.128.0.0/9"],
  // RFC 6598: shared address space for the links between a router and what does its address translation.
  transitCidr: "100.64.0.0/10",
  ipv6TransitCidr: "fd73:646e:7472::/96",
  // RFC 2544: for measurements inside one network, so nobody is reached there from elsewhere.
  serviceCidr: "198.18.0.0/15",
  ipv6ServiceCidr: "fd73:646e:7376::/108",
  // RFC 9476 and draft-davies-internal-tld: reserved for private use.
  domain: "sdn.internal",
};

interface FabricInputs {
  readonly hosts: readonly string[];
  readonly clusters: readonly string[];
  readonly vniRange: { readonly start: number; readonly end: number };
  readonly underlayPort: number;
  readonly mtu: number | undefined;
  readonly addressPools: readonly string[];
  readonly reservedCidrs: readonly ReservedCidr[];
  readonly transitCidr: string;
  readonly ipv6TransitCidr: string;
  readonly serviceCidr: string;
  readonly ipv6ServiceCidr: string;
  readonly domain: string;
  readonly nameservers: readonly string[] | undefined;
  readonly management: readonly ManagementAccess[];
}

/** From where the hosts are administered, at which TCP ports. */
interface ManagementAccess {
  readonly cidr: Value;
  readonly ports: Value;
}

function readManagement(reader: InputReader): readonly ManagementAccess[] {
  return (reader.objects("management") ?? []).map((inner) => {
    const addresses = inner.require("cidr", inner.parsed("cidr", cidr), "the addresses of those who administer");
    const ports = inner.require(
      "ports",
      inner.parsedDigits("ports", parsePortText),
      "TCP ports of the hosts, such as 22",
    );
    inner.finish();
    return { cidr: addresses ?? unknown, ports: ports ?? unknown };
  });
}

function readClusters(reader: InputReader): readonly string[] {
  const urns = (reader.list("clusters") ?? []).map((item, index) =>
    reader.problems.collect(() => referenceOf(item, `clusters[${index}]`, "sdn:index:KubernetesCluster")),
  );
  const names = urns.map((urn) => (urn === undefined ? undefined : nameOf(urn)));
  refuseRepeated(reader.problems, "clusters", names);
  return urns.filter((urn) => urn !== undefined);
}

const cidr = (text: string, property: string): string => formatCidr(parseCidr(text, property));

function read(inputs: ValueMap): { reader: InputReader; parsed: FabricInputs } {
  const reader = InputReader.of(inputs);
  const urns = (reader.require("hosts", reader.list("hosts"), "the hosts that networks can span") ?? []).map(
    (item, index) => reader.problems.collect(() => referenceOf(item, `hosts[${index}]`, "sdn:index:Host")),
  );
  const hosts = urns.filter((urn) => urn !== undefined);
  const names = urns.map((urn) => (urn === undefined ? undefined : nameOf(urn)));
  refuseRepeated(reader.problems, "hosts", names);
  const clusters = readClusters(reader);
  const familyBlock = (name: string, family: 4 | 6, other: string): string | undefined => {
    const space = reader.parsed(name, parseFamilyCidr(family, other));
    return space === undefined ? undefined : formatCidr(space);
  };
  const parsed = {
    hosts,
    clusters,
    vniRange: readVniRange(reader) ?? defaults.vniRange,
    underlayPort: reader.integer("underlayPort", 1, 65535) ?? defaults.underlayPort,
    mtu: reader.integer("mtu", 576, 65535),
    addressPools: reader.texts("addressPools", cidr) ?? defaults.addressPools,
    reservedCidrs: readReservedCidrs(reader),
    transitCidr: familyBlock("transitCidr", 4, "ipv6TransitCidr") ?? defaults.transitCidr,
    ipv6TransitCidr: familyBlock("ipv6TransitCidr", 6, "transitCidr") ?? defaults.ipv6TransitCidr,
    serviceCidr: familyBlock("serviceCidr", 4, "ipv6ServiceCidr") ?? defaults.serviceCidr,
    ipv6ServiceCidr: familyBlock("ipv6ServiceCidr", 6, "serviceCidr") ?? defaults.ipv6ServiceCidr,
    domain: reader.parsed("domain", parseDnsName) ?? defaults.domain,
    nameservers: reader.texts("nameservers", (text, property) => formatAddress(parseAddress(text, property))),
    management: readManagement(reader),
  };
  reader.finish();
  checkTransit(parsed, reader.problems);
  return { reader, parsed };
}

/** Each network and each peering has a block of the transit space, at that many times its VNI. */
function checkTransit({ vniRange, transitCidr, ipv6TransitCidr }: FabricInputs, problems: Problems): void {
  for (const [property, text] of [
    ["transitCidr", transitCidr],
    ["ipv6TransitCidr", ipv6TransitCidr],
  ] as const) {
    const room = size(parseCidr(text, property)) / BigInt(transitBlock);
    if (BigInt(vniRange.end) < room) continue;
    problems.add(
      new SdnError({
        code: "invalid-input",
        property,
        value: text,
        cause: `has ${transitBlock} addresses each for VNIs up to ${room - 1n}, but vniRange ends at ${vniRange.end}`,
        remedy: "take a larger transit space or a lower vniRange",
      }),
    );
  }
}

/** The MTU of overlays: the smallest underlay's less what VXLAN adds. */
function overlayMtu(members: readonly Member[], wanted: number | undefined): Value {
  let limit = Number.POSITIVE_INFINITY;
  let narrowest = "";
  for (const { name, underlayAddress, underlayMtu } of members) {
    if (typeof underlayAddress !== "string" || typeof underlayMtu !== "number") return wanted ?? unknown;
    const room = underlayMtu - overlayOverhead(underlayAddress);
    if (room < limit) [limit, narrowest] = [room, name];
  }
  if (wanted === undefined) return Number.isFinite(limit) ? limit : 1450;
  if (wanted <= limit) return wanted;
  throw new SdnError({
    code: "invalid-input",
    property: "mtu",
    value: wanted,
    cause: `the underlay of host ${narrowest} carries at most ${limit} bytes inside VXLAN`,
    remedy: `write ${limit} or less, or leave mtu out`,
  });
}

function checkFamilies(members: readonly Member[]): void {
  const families = new Map<number, string>();
  for (const { name, underlayAddress } of members) {
    const address = typeof underlayAddress === "string" ? readAddress(underlayAddress) : undefined;
    if (address !== undefined) families.set(familyBits(address.family), name);
  }
  if (families.size < 2) return;
  throw new SdnError({
    code: "invalid-input",
    property: "hosts",
    cause: `the underlay is IPv4 on host ${families.get(32) ?? ""} and IPv6 on host ${families.get(128) ?? ""}`,
    remedy: "set underlayAddress of the hosts to addresses of one family",
  });
}

/** What is retired is asked for nothing, so nothing can be made on it. */
function checkRetired(outputs: readonly ValueMap[], urns: readonly string[]): void {
  const index = outputs.findIndex(({ retired }) => retired === true);
  if (index < 0) return;
  throw new SdnError({
    code: "invalid-input",
    property: `hosts[${index}]`,
    value: nameOf(urns[index] ?? ""),
    cause: "is retired",
    remedy: "take it out of hosts, and what is on it out of the program",
  });
}

export const fabric: ComponentHandler = {
  token: "sdn:index:Fabric",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return read(inputs).reader.problems.list;
  },

  async construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    const { parsed } = read(inputs);
    const outputs = await Promise.all(parsed.hosts.map((urn) => outputsOf(context, urn)));
    const members = parsed.hosts.map((urn, index) => memberOf(nameOf(urn), urn, outputs[index] ?? {}));
    checkRetired(outputs, parsed.hosts);
    checkFamilies(members);
    const clusters = await Promise.all(parsed.clusters.map((urn) => clusterOf(context, urn)));
    const reserved = [...reservedValue(parsed.reservedCidrs), ...clusters.flatMap(reservedByCluster)];
    const { vniRange, underlayPort, addressPools, transitCidr, ipv6TransitCidr, management } = parsed;
    const { serviceCidr, ipv6ServiceCidr, domain, nameservers } = parsed;
    return {
      hosts: members.map(memberValue),
      ...(clusters.length === 0 ? {} : { clusters: clusters.map(clusterValue) }),
      mtu: overlayMtu(members, parsed.mtu),
      vniRange: { ...vniRange },
      underlayPort,
      addressPools,
      ...(reserved.length === 0 ? {} : { reservedCidrs: reserved }),
      transitCidr,
      ipv6TransitCidr,
      serviceCidr,
      ipv6ServiceCidr,
      domain,
      ...(nameservers === undefined ? {} : { nameservers }),
      ...(management.length === 0 ? {} : { management: management.map((access) => ({ ...access })) }),
    };
  },
};
