/** How a service's new connections are shared out: chains of nftables, which the kernel asks once a connection. */
import { hash64 } from "../../model/hash";
import { goto, ipOf, is, payload } from "../nft/expressions";
import type { Branch, Expression, Rule, Statement } from "../nft/json";
import type { ServiceIntent, ServicePort } from "./intent";

/** An element of a map of the host's: a connection to this address and port is balanced by that chain. */
export interface ServiceElement {
  readonly map: "services4" | "services6";
  /** The network's VNI, address, protocol, port. */
  readonly key: readonly [number, string, string, number];
  readonly chain: string;
}

export interface ServiceRules {
  readonly chains: readonly Branch[];
  readonly elements: readonly ServiceElement[];
}

type Family = "ip" | "ip6";
/** A backend that connections are translated to. */
export type Target = Extract<ServiceIntent["backends"][number], { readonly kind: "address" }>;

/**
 * In a connection's mark, beside the network's VNI (24 bits): its packets go by the router, also where their
 * destination is on the client's own segment.
 */
export const detourMark = 0x100_0000;

export function serviceRules(intent: ServiceIntent): ServiceRules {
  const chains: Branch[] = [];
  const elements: ServiceElement[] = [];
  for (const [family, vip] of [
    ["ip", intent.ipv4],
    ["ip6", intent.ipv6],
  ] as const) {
    if (vip === undefined) continue;
    const served = servedTargets(intent, family);
    if (served.length === 0) continue;
    for (const port of intent.ports) {
      const own = served.map((target) => backendChain(intent, family, port, target));
      const chain = portChain(intent, family, port, served, own);
      chains.push(...own, chain);
      const map = family === "ip" ? "services4" : "services6";
      elements.push({ map, key: [intent.routerVni, vip, port.protocol, port.port], chain: chain.name });
    }
  }
  return { chains, elements };
}

/** Those of a family that get new connections. */
export function servedTargets({ backends }: ServiceIntent, family: Family): readonly Target[] {
  const targets = backends.filter((one): one is Target => one.kind === "address");
  return targets.filter(({ address, weight }) => ipOf(address) === family && weight > 0);
}

function portChain(
  intent: ServiceIntent,
  family: Family,
  port: ServicePort,
  served: readonly Target[],
  chains: readonly Branch[],
): Branch {
  let from = 0;
  const shares = served.map(({ weight }, index): readonly [Expression, Statement] => {
    const first = from;
    from += weight;
    return [weight === 1 ? first : { range: [first, from - 1] }, goto(chains[index]?.name ?? "")];
  });
  const [only] = chains;
  const choice: Statement =
    chains.length === 1 && only !== undefined
      ? goto(only.name)
      : { vmap: { key: chooser(intent.balancing, family, from), data: { set: shares } } };
  return { name: portName(intent, family, port), rules: [[choice]] };
}

export function chooser(balancing: ServiceIntent["balancing"], family: Family, mod: number): Expression {
  switch (balancing) {
    case "round-robin":
      return { numgen: { mode: "inc", mod, offset: 0 } };
    case "random":
      return { numgen: { mode: "random", mod, offset: 0 } };
    case "source-hash":
      // The same seed on every host: a client keeps its backend wherever it runs.
      return { jhash: { mod, expr: payload(family, "saddr"), seed: 0x73646e } };
  }
}

function backendChain(intent: ServiceIntent, family: Family, port: ServicePort, target: Target): Branch {
  const { address, neighbour } = target;
  // nft wants to know that there are ports before it translates them.
  const transport = is({ meta: { key: "l4proto" } }, port.protocol);
  const translated: Statement = { dnat: { family, addr: address, port: port.targetPort } };
  const detour: Statement = {
    mangle: { key: { ct: { key: "mark" } }, value: intent.routerVni + detourMark },
  };
  const rules: readonly Rule[] =
    neighbour === undefined
      ? // Nobody here knows its MAC address: the router asks for it.
        [[transport, detour, translated]]
      : // Its own service: a bridge sends no frame back to where it came from.
        [
          [transport, is(payload(family, "saddr"), address), detour, translated],
          [transport, translated],
        ];
  return { name: `${portName(intent, family, port)}-${addressWord(address)}`, rules };
}

const portName = ({ routerVni, name }: ServiceIntent, family: Family, { protocol, port }: ServicePort): string =>
  `${family === "ip" ? "svc" : "svc6"}-${routerVni}-${name}-${protocol}-${port}`;

/** Names of chains hold no colons, and 127 characters at the most. */
const addressWord = (address: string): string => (address.includes(":") ? hash64(address).toString(36) : address);
