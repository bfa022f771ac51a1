import type {
  Attachment,
  Guard,
  Intent,
  PortAddress,
  PortIntent,
  RouterIntent,
  SegmentAddressing,
  SegmentIntent,
} from "../compile/intent";
import type { Peers } from "../model/peer-set";
import { isValueMap } from "../rpc/value";
import { familyBits, formatAddress, parseAddress } from "../model/address";
import { formatCidr, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { formatMac, parseMac } from "../model/mac";
import { parseDockerName, parseInterfaceName, parseName } from "../model/name";
import { maximumVni, minimumVni } from "../model/vni";
import { readSegmentRoutes } from "./spec-routes";
import { readNat } from "./spec-nat";
import type { InputReader } from "../inputs/input-reader";

/** The part of an intent that is an input; owner and scope come from the URN and the connection. */
export type SpecOf<I extends Intent> = Omit<I, "kind" | "owner" | "scope">;

export const address = (text: string, property: string): string => formatAddress(parseAddress(text, property));
export const cidr = (text: string, property: string): string => formatCidr(parseCidr(text, property));
const mac = (text: string, property: string): string => formatMac(parseMac(text, property));

/** An address with its prefix length, host bits kept: `10.20.0.5/24`. */
function interfaceAddress(text: string, property: string): string {
  const [host = "", length = ""] = text.split("/");
  const value = parseAddress(host, property);
  if (/^\d{1,3}$/.test(length) && Number(length) <= familyBits(value.family)) {
    return `${formatAddress(value)}/${Number(length)}`;
  }
  throw new SdnError({
    code: "invalid-input",
    property,
    value: text,
    cause: "has no valid prefix length",
    remedy: `write ${formatAddress(value)}/ and the length of its subnet's prefix`,
  });
}

/** A part that is there wholly or not at all. */
export function needed<T>(
  reader: InputReader | undefined,
  name: string,
  parse: (text: string, property: string) => T,
): T | undefined {
  return reader?.require(name, reader.parsed(name, parse), "it, or leave the whole out");
}

export const vni = (reader: InputReader, name: string): number | undefined =>
  reader.require(name, reader.integer(name, minimumVni, maximumVni), "a VNI");
export const mtu = (reader: InputReader): number | undefined =>
  reader.require("mtu", reader.integer("mtu", 576, 65535), "the MTU in bytes");
export const label = (reader: InputReader): string | undefined =>
  reader.require("label", reader.parsed("label", parseName), "the component's name");

export function readRouterSpec(reader: InputReader): SpecOf<RouterIntent> | undefined {
  const egress = reader.object("egress");
  const link = (name: string): { host: string; router: string } | undefined => {
    const inner = egress?.object(name);
    const host = needed(inner, "host", address);
    const router = needed(inner, "router", address);
    inner?.finish();
    return host === undefined || router === undefined ? undefined : { host, router };
  };
  const mode = egress?.choice("mode", ["nat", "routed", "none"]);
  const nat = readNat(reader.object("nat"));
  const blackholes = reader.texts("blackholes", cidr);
  const spec = {
    label: label(reader),
    vni: vni(reader, "vni"),
    mtu: mtu(reader),
    cidr: reader.parsed("cidr", cidr),
    ipv6Cidr: reader.parsed("ipv6Cidr", cidr),
    egress:
      egress === undefined
        ? undefined
        : { ...(mode === undefined ? {} : { mode }), ipv4: link("ipv4"), ipv6: link("ipv6") },
    ...(nat === undefined ? {} : { nat }),
    ...(blackholes === undefined ? {} : { blackholes }),
  };
  egress?.finish();
  reader.finish();
  const { label: name, vni: number, mtu: bytes } = spec;
  if (name === undefined || number === undefined || bytes === undefined) return undefined;
  return { ...spec, label: name, vni: number, mtu: bytes };
}

function readAddressing(reader: InputReader | undefined): SegmentAddressing | undefined {
  const value = {
    cidr: needed(reader, "cidr", cidr),
    gateway: needed(reader, "gateway", address),
    router: needed(reader, "router", address),
    range: needed(reader, "range", cidr),
  };
  const pool = reader?.parsed("pool", cidr);
  reader?.finish();
  const { cidr: subnet, gateway, router, range } = value;
  if (subnet === undefined || gateway === undefined || router === undefined || range === undefined) return undefined;
  return { cidr: subnet, gateway, router, range, ...(pool === undefined ? {} : { pool }) };
}

function readPeers(reader: InputReader): Peers | undefined {
  const given = reader.value("peers");
  if (Array.isArray(given) || !isValueMap(given)) return reader.texts("peers", address);
  const set = reader.object("peers");
  const count = set?.require("count", set.integer("count", 1, 16_777_215), "how many there are");
  const digest = set?.require("digest", set.text("digest"), "their digest");
  set?.finish();
  return count === undefined || digest === undefined ? undefined : { count, digest };
}

export function readSegmentSpec(reader: InputReader): SpecOf<SegmentIntent> | undefined {
  const spec = {
    label: label(reader),
    vni: vni(reader, "vni"),
    routerVni: vni(reader, "routerVni"),
    mtu: mtu(reader),
    underlay: reader.require("underlay", reader.parsed("underlay", address), "this host's VTEP address"),
    port: reader.require("port", reader.integer("port", 1, 65535), "the VXLAN port"),
    peers: reader.require("peers", readPeers(reader), "the other VTEPs"),
    ipv4: readAddressing(reader.object("ipv4")),
    ipv6: readAddressing(reader.object("ipv6")),
    dockerNetwork: reader.parsed("dockerNetwork", parseDockerName),
    ...readSegmentRoutes(reader),
  };
  reader.finish();
  const { label: name, vni: own, routerVni, mtu: bytes, underlay, port, peers } = spec;
  if (name === undefined || own === undefined || routerVni === undefined || bytes === undefined) return undefined;
  if (underlay === undefined || port === undefined || peers === undefined) return undefined;
  return { ...spec, label: name, vni: own, routerVni, mtu: bytes, underlay, port, peers };
}

function readAttachment(reader: InputReader | undefined): Attachment | undefined {
  const chosen = reader?.choice("kind", ["docker", "container", "namespace", "interface"]);
  const kind = reader?.require("kind", chosen, "what kind of thing is attached");
  const attachment = kind === undefined ? undefined : attachmentOf(kind, reader);
  if (kind !== undefined) reader?.finish();
  return attachment;
}

function attachmentOf(kind: Attachment["kind"], reader: InputReader | undefined): Attachment | undefined {
  switch (kind) {
    case "docker": {
      const network = needed(reader, "network", parseDockerName);
      const container = needed(reader, "container", parseDockerName);
      return network === undefined || container === undefined ? undefined : { kind, network, container };
    }
    case "container": {
      const container = needed(reader, "container", parseDockerName);
      const name = needed(reader, "interface", parseInterfaceName);
      return container === undefined || name === undefined ? undefined : { kind, container, interface: name };
    }
    case "namespace": {
      const namespace = needed(reader, "namespace", parseName);
      const name = needed(reader, "interface", parseInterfaceName);
      return namespace === undefined || name === undefined ? undefined : { kind, namespace, interface: name };
    }
    case "interface": {
      const name = needed(reader, "interface", parseInterfaceName);
      return name === undefined ? undefined : { kind, interface: name };
    }
  }
}

function readGuard(reader: InputReader | undefined): Guard | undefined {
  if (reader === undefined) return undefined;
  const bindMac = reader.boolean("bindMac") ?? true;
  const pairs = (reader.objects("pairs") ?? []).flatMap((pair) => {
    const block = needed(pair, "cidr", cidr);
    const hardware = pair.parsed("mac", mac);
    pair.finish();
    return block === undefined ? [] : [{ cidr: block, mac: hardware }];
  });
  reader.finish();
  return { bindMac, pairs };
}

export function readPortSpec(reader: InputReader): SpecOf<PortIntent> | undefined {
  const family = (name: string): PortAddress | undefined => {
    const inner = reader.object(name);
    const own = needed(inner, "address", interfaceAddress);
    const gateway = inner?.parsed("gateway", address);
    inner?.finish();
    return own === undefined ? undefined : { address: own, ...(gateway === undefined ? {} : { gateway }) };
  };
  const spec = {
    label: label(reader),
    name: reader.require("name", reader.parsed("name", parseName), "the endpoint's name"),
    vni: vni(reader, "vni"),
    routerVni: vni(reader, "routerVni"),
    mtu: mtu(reader),
    mac: reader.require("mac", reader.parsed("mac", mac), "the MAC address"),
    ipv4: family("ipv4"),
    ipv6: family("ipv6"),
    attachment: reader.require("attachment", readAttachment(reader.object("attachment")), "what is attached"),
    guard: readGuard(reader.object("guard")),
  };
  reader.finish();
  const { label: title, name, vni: own, routerVni, mtu: bytes, mac: hardware, attachment } = spec;
  if (title === undefined || name === undefined || own === undefined || routerVni === undefined) return undefined;
  if (bytes === undefined || hardware === undefined || attachment === undefined) return undefined;
  return { ...spec, label: title, name, vni: own, routerVni, mtu: bytes, mac: hardware, attachment };
}
