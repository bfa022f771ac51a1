import { formatAddress, parseAddress } from "../model/address";
import { SdnError } from "../model/error";
import { formatCidr } from "../model/cidr";
import { formatMac, parseMac } from "../model/mac";
import { parseName } from "../model/name";
import type { AddressPair } from "../inputs/address-pairs";
import { readAddressPairs, refuseGateways } from "../inputs/address-pairs";
import { InputReader } from "../inputs/input-reader";
import { readLabels } from "../inputs/labels";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { isValueMap, Unknown, unknown } from "../rpc/value";
import type { Member } from "./member";
import { type Attached, attachment, isShared, readAttached } from "./attached";
import { hasLabels, registerLabels } from "./firewall/labelled";
import { memberOf, membersOf } from "./member";
import { known, nameOf, outputsOf, present, referenceOf } from "./references";

interface EndpointInputs {
  readonly host: string;
  readonly subnet: string | undefined;
  /** `undefined`: only the addresses are reserved. */
  readonly attached: Attached | undefined;
  readonly wanted: ValueMap;
  readonly antiSpoofing: boolean;
  readonly pairs: readonly AddressPair[];
  readonly labels: ValueMap | Unknown | undefined;
}

function read(inputs: ValueMap): { reader: InputReader; parsed: EndpointInputs } {
  const reader = InputReader.of(inputs);
  const host = reader.problems.collect(() => referenceOf(reader.value("host"), "host", "sdn:index:Host"));
  const subnetValue = reader.value("subnet");
  const subnet =
    subnetValue === undefined
      ? undefined
      : reader.problems.collect(() => referenceOf(subnetValue, "subnet", "sdn:index:Subnet"));
  const attached = readAttached(reader);
  const address = (text: string, property: string): string => formatAddress(parseAddress(text, property));
  const wanted = present({
    ipv4Address: reader.parsed("ipv4Address", address) ?? inputs["ipv4Address"],
    ipv6Address: reader.parsed("ipv6Address", address) ?? inputs["ipv6Address"],
    macAddress:
      reader.parsed("macAddress", (text, property) => formatMac(parseMac(text, property))) ?? inputs["macAddress"],
  });
  const labels = readLabels(reader, "labels");
  const antiSpoofing = reader.boolean("antiSpoofing") ?? true;
  const pairs = readAddressPairs(reader);
  reader.finish();
  if (!antiSpoofing && pairs.length > 0) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: "allowedAddressPairs",
        cause: "has no meaning where antiSpoofing is false: anything may be sent",
        remedy: "leave one of the two out",
      }),
    );
  }
  checkMode(reader, attached, subnetValue !== undefined, wanted);
  return { reader, parsed: { host: host ?? "", subnet, attached, wanted, antiSpoofing, pairs, labels } };
}

/** What a mode cannot have is refused with what would be possible. */
function checkMode(reader: InputReader, attached: Attached | undefined, hasSubnet: boolean, wanted: ValueMap): void {
  const refuse = (property: string, cause: string, remedy: string): void => {
    reader.problems.add(new SdnError({ code: "invalid-input", property, cause, remedy }));
  };
  if (!isShared(attached)) {
    if (!hasSubnet) refuse("subnet", "is required and missing", "give the Subnet that it is attached to");
    if (attached?.kind === "container" && attached.networkMode === "bridge" && wanted["macAddress"] !== undefined) {
      refuse(
        "macAddress",
        "Docker derives the MAC address from the IPv4 address when it connects a running container",
        "leave macAddress out, or use networkMode: none",
      );
    }
    return;
  }
  const mode = attached?.kind === "container" ? attached.networkMode : "";
  const whose = mode === "host" ? "the host's" : "the other container's";
  for (const property of ["subnet", ...Object.keys(wanted)]) {
    if (property === "subnet" && !hasSubnet) continue;
    refuse(
      property,
      `networkMode ${mode} has no network of its own: its addresses are ${whose}`,
      `leave ${property} out, or use networkMode: bridge or none`,
    );
  }
}

async function constructShared(context: ConstructContext, parsed: EndpointInputs): Promise<ValueMap> {
  const { attached, labels } = parsed;
  if (attached?.kind !== "container") throw new SdnError({ code: "internal", cause: "not a shared container" });
  const name = nameOf(parsed.host);
  const { connection } = memberOf(name, parsed.host, await outputsOf(context, parsed.host));
  const child = await context.child({
    type: "sdn:linux:SharedPort",
    name: context.name,
    inputs: { connection, host: name, container: attached.name, networkMode: attached.networkMode },
    dependencies: [parsed.host],
  });
  const { ipv4Address, ipv6Address } = child.outputs;
  if (hasLabels(labels)) {
    context.log(
      "warning",
      `labels: no group holds it by them, because its addresses are not its own (networkMode ${attached.networkMode}).`,
    );
  }
  return present({ ipv4Address, ipv6Address, labels, networkMode: attached.networkMode });
}

/** What the port may say of itself. Whoever is behind an interface of the host has a MAC address that is not ours. */
function guardOf(parsed: EndpointInputs, attached: Attached, subnet: ValueMap): ValueMap | undefined {
  if (!parsed.antiSpoofing) return undefined;
  refuseGateways(parsed.pairs, [subnet["gateway"], subnet["ipv6Gateway"]]);
  return {
    bindMac: attached.kind !== "interface" || parsed.wanted["macAddress"] !== undefined,
    pairs: parsed.pairs.map(({ cidr, mac }) => present({ cidr: formatCidr(cidr), mac })),
  };
}

function memberAt(subnet: ValueMap, host: string): Member {
  const members = membersOf(subnet);
  const member = members.find((one) => one.name === host);
  if (member !== undefined) return member;
  throw new SdnError({
    code: "invalid-input",
    property: "host",
    value: host,
    cause: "the subnet does not span this host",
    remedy: `choose from ${members.map((one) => one.name).join(", ")}, or add the host to the subnet`,
  });
}

/** An interface's address: with the prefix length of its subnet. */
function family(
  address: Value | undefined,
  cidr: Value | undefined,
  gateway: Value | undefined,
  internal: boolean,
): Value | undefined {
  if (address === undefined || cidr === undefined) return undefined;
  if (typeof address !== "string" || typeof cidr !== "string") return unknown;
  return {
    address: `${address}/${cidr.slice(cidr.indexOf("/") + 1)}`,
    ...(internal ? {} : { gateway: gateway ?? unknown }),
  };
}

/** What the engine of the host knows of the subnet, for what gets its address by the engine. */
function poolsOf(attached: Attached | undefined, subnet: ValueMap, host: string): Readonly<Record<string, Value>> {
  const byEngine = attached === undefined || (attached.kind === "container" && attached.networkMode === "bridge");
  if (!byEngine || subnet["dockerNetworkName"] === undefined) return {};
  const poolOf = (ranges: Value | undefined): Value | undefined => {
    const own = isValueMap(ranges) ? ranges[host] : undefined;
    return isValueMap(own) ? own["pool"] : undefined;
  };
  return present({ pool: poolOf(subnet["hostRanges"]), ipv6Pool: poolOf(subnet["ipv6HostRanges"]) });
}

function segmentOf(subnet: ValueMap, member: Member): readonly string[] {
  const segments = known(subnet, "segments");
  const urn = isValueMap(segments) ? segments[member.name] : undefined;
  return typeof urn === "string" ? [urn] : [];
}

function portSpec(
  name: string,
  parsed: EndpointInputs,
  attached: Attached,
  subnet: ValueMap,
  member: Member,
  { allottedIpv4, allottedIpv6, allottedMac = unknown }: ValueMap,
): ValueMap {
  const isInternal = subnet["internal"] === true;
  return present({
    label: name,
    name,
    vni: known(subnet, "vni"),
    routerVni: known(subnet, "networkVni"),
    mtu: known(subnet, "mtu"),
    mac: allottedMac,
    ipv4: family(allottedIpv4, subnet["cidr"], subnet["gateway"], isInternal),
    ipv6: family(allottedIpv6, subnet["ipv6Cidr"], subnet["ipv6Gateway"], isInternal),
    attachment: attachment(attached, subnet, member),
    guard: guardOf(parsed, attached, subnet),
  });
}

async function constructAttached(
  context: ConstructContext,
  parsed: EndpointInputs,
  subnetUrn: string,
): Promise<ValueMap> {
  const { attached, labels } = parsed;
  const subnet = await outputsOf(context, subnetUrn);
  const member = memberAt(subnet, nameOf(parsed.host));
  const { cidr, hostRangePrefixLength, ipv6Cidr, ipv6HostRangePrefixLength } = subnet;
  const segment = segmentOf(subnet, member);
  const allocation = await context.child({
    type: "sdn:ipam:EndpointAllocation",
    name: context.name,
    inputs: present({
      ...parsed.wanted,
      label: context.name,
      subnet: subnetUrn,
      cidr,
      hostRangePrefixLength,
      ipv6Cidr,
      ipv6HostRangePrefixLength,
      layout: subnet["layout"],
      ipv6Layout: subnet["ipv6Layout"],
      ...poolsOf(attached, subnet, member.name),
    }),
    dependencies: segment,
  });
  const { allottedIpv4, allottedIpv6, allottedMac = unknown } = allocation.outputs;
  const outputs = present({
    ipv4Address: allottedIpv4,
    ipv6Address: allottedIpv6,
    macAddress: allottedMac instanceof Unknown ? unknown : allottedMac,
    macKnown: attached?.kind === "interface" && parsed.wanted["macAddress"] === undefined ? false : undefined,
    dockerNetworkName: subnet["dockerNetworkName"],
    networkMode: attached?.kind === "container" ? attached.networkMode : undefined,
    labels,
    subnetVni: known(subnet, "vni"),
    networkVni: known(subnet, "networkVni"),
    fabricUrn: known(subnet, "fabricUrn"),
    hostUri: member.uri,
  });
  // Before the port: policies of groups hold from its first packet.
  const labelled = await registerLabels(context, labels, outputs);
  if (attached !== undefined) {
    await context.child({
      type: "sdn:linux:Port",
      name: context.name,
      inputs: {
        connection: member.connection,
        host: member.name,
        spec: portSpec(context.name, parsed, attached, subnet, member, allocation.outputs),
      },
      dependencies: [allocation.urn, ...labelled, ...segment],
    });
  }
  return outputs;
}

export const endpoint: ComponentHandler = {
  token: "sdn:index:Endpoint",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return read(inputs).reader.problems.list;
  },

  async construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    parseName(context.name, "name");
    const { parsed } = read(inputs);
    if (isShared(parsed.attached)) return constructShared(context, parsed);
    if (parsed.subnet === undefined) {
      throw new SdnError({ code: "invalid-input", property: "subnet", cause: "is required and missing" });
    }
    return constructAttached(context, parsed, parsed.subnet);
  },
};
