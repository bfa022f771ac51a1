import type {
  ServiceBackend,
  ServiceExposure,
  ServiceIntent,
  ServiceNames,
  ServicePort,
} from "../compile/service/intent";
import type { InputReader } from "../inputs/input-reader";
import { formatMac, parseMac } from "../model/mac";
import { parseDnsName, parseName } from "../model/name";
import { minimumVni, maximumVni } from "../model/vni";
import { readBalancer } from "./spec-balancer";
import type { SpecOf } from "./spec-inputs";
import { address, cidr, label, vni } from "./spec-inputs";

const mac = (text: string, property: string): string => formatMac(parseMac(text, property));

function readNames(reader: InputReader | undefined): ServiceNames | undefined {
  const zone = reader?.require("zone", reader.parsed("zone", parseDnsName), "the network's zone");
  const names = reader?.require("names", reader.texts("names", parseDnsName), "its names");
  const ttl = reader?.require("ttl", reader.integer("ttl", 0, 86_400), "seconds");
  const upstreams = reader?.value("upstreams") === "host" ? "host" : (reader?.texts("upstreams", address) ?? []);
  reader?.finish();
  if (zone === undefined || names === undefined || ttl === undefined) return undefined;
  return { zone, names, ttl, upstreams };
}

const port = (reader: InputReader, name: string): number | undefined =>
  reader.require(name, reader.integer(name, 1, 65_535), "a port");

function readPort(reader: InputReader): ServicePort | undefined {
  const name = reader.parsed("name", parseName);
  const protocol = reader.require("protocol", reader.choice("protocol", ["tcp", "udp"] as const), "tcp or udp");
  const own = port(reader, "port");
  const targetPort = port(reader, "targetPort");
  reader.finish();
  if (protocol === undefined || own === undefined || targetPort === undefined) return undefined;
  return { name, protocol, port: own, targetPort };
}

function readNeighbour(reader: InputReader | undefined): { vni: number; mac: string } | undefined {
  if (reader === undefined) return undefined;
  const own = reader.require("vni", reader.integer("vni", minimumVni, maximumVni), "its subnet's VNI");
  const address = reader.require("mac", reader.parsed("mac", mac), "its MAC address");
  reader.finish();
  return own === undefined || address === undefined ? undefined : { vni: own, mac: address };
}

function readBackend(reader: InputReader): ServiceBackend | undefined {
  const kind = reader.require("kind", reader.choice("kind", ["address", "external"] as const), "what it is");
  if (kind === "external") {
    const name = reader.require("name", reader.parsed("name", parseDnsName), "the name outside");
    reader.finish();
    return name === undefined ? undefined : { kind, name };
  }
  const own = reader.require("address", reader.parsed("address", address), "its address");
  const weight = reader.require("weight", reader.integer("weight", 0, 255), "its weight");
  const neighbour = readNeighbour(reader.object("neighbour"));
  reader.finish();
  if (kind === undefined || own === undefined || weight === undefined) return undefined;
  return { kind, address: own, weight, neighbour };
}

function readExposure(reader: InputReader): ServiceExposure | undefined {
  const protocol = reader.require("protocol", reader.choice("protocol", ["tcp", "udp"] as const), "tcp or udp");
  const own = reader.require("address", reader.parsed("address", address), "an address of the host");
  const via = reader.require("via", reader.parsed("via", address), "the router's address on its link with the host");
  const outer = port(reader, "port");
  const servicePort = port(reader, "servicePort");
  reader.finish();
  if (protocol === undefined || own === undefined || via === undefined) return undefined;
  if (outer === undefined || servicePort === undefined) return undefined;
  return { protocol, address: own, port: outer, servicePort, via };
}

const all = <T>(items: readonly (T | undefined)[] | undefined): readonly T[] =>
  (items ?? []).filter((item) => item !== undefined);

export function readServiceSpec(reader: InputReader): SpecOf<ServiceIntent> | undefined {
  const spec = {
    label: label(reader),
    name: reader.require("name", reader.parsed("name", parseName), "the entry's name"),
    routerVni: vni(reader, "routerVni"),
    ipv4: reader.parsed("ipv4", address),
    ipv6: reader.parsed("ipv6", address),
    pools: reader.texts("pools", cidr) ?? [],
    dns: readNames(reader.object("dns")),
    balancing: reader.choice("balancing", ["round-robin", "random", "source-hash"]) ?? "round-robin",
    ports: all(reader.objects("ports")?.map(readPort)),
    backends: all(reader.objects("backends")?.map(readBackend)),
  };
  const exposures = all(reader.objects("exposures")?.map(readExposure));
  const balancer = readBalancer(reader.object("balancer"));
  reader.require("dns", reader.value("dns"), "its names");
  reader.finish();
  const { label: component, name, routerVni, dns } = spec;
  if (component === undefined || name === undefined || routerVni === undefined || dns === undefined) return undefined;
  const ways = exposures.length === 0 ? {} : { exposures };
  return { ...spec, label: component, name, routerVni, dns, ...ways, ...(balancer === undefined ? {} : { balancer }) };
}
