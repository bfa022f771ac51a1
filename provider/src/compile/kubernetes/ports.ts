import type { Service } from "../../policy/transport";
import type { Found } from "./refusals";

/** All ports of a protocol, or a range of them. */
export interface ClusterPorts {
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly range?: { readonly first: number; readonly last: number };
}

const protocols: ReadonlyMap<number, ClusterPorts["protocol"]> = new Map([
  [6, "TCP"],
  [17, "UDP"],
  [132, "SCTP"],
]);

/** The ports that any of the services means. */
export function portsOf(services: readonly Service[]): Found<readonly ClusterPorts[]> {
  const found: ClusterPorts[] = [];
  for (const service of services) {
    const one = ofService(service);
    if ("cause" in one) return one;
    found.push(...one.found);
  }
  return { found };
}

function ofService(service: Service): Found<readonly ClusterPorts[]> {
  const protocol = service.kind === "icmp" ? undefined : protocols.get(service.protocol);
  if (service.kind === "icmp" || protocol === undefined) {
    return {
      cause: "knows the protocols tcp, udp and sctp alone",
      remedy: "leave services out, or write one of these",
    };
  }
  if (service.kind === "protocol") return { found: [{ protocol }] };
  const ranges = service.ports.map(({ first, last }) => (first === 0 && last === 65_535 ? undefined : { first, last }));
  if (ranges.some((range) => range?.first === 0)) {
    return { cause: "has no port 0", remedy: "begin at port 1, or leave ports out for all of them" };
  }
  return { found: ranges.map((range) => (range === undefined ? { protocol } : { protocol, range })) };
}
