import { ipOf } from "../nft/expressions";
import type { ServiceIntent, ServicePort } from "./intent";

/** One port of one virtual address, and who answers it. */
export interface Listener {
  readonly name: string;
  readonly vip: string;
  readonly port: ServicePort;
  readonly backends: readonly { readonly address: string; readonly weight: number }[];
}

/**
 * Where nobody answers there is no listener, so that connections are refused. A backend that drains is in none either:
 * the process of before keeps the connections that it has, and the new one does not know it.
 */
export function listenersOf(intent: ServiceIntent): readonly Listener[] {
  return [intent.ipv4, intent.ipv6].flatMap((vip) => {
    if (vip === undefined) return [];
    const backends = intent.backends.flatMap((one) =>
      one.kind === "address" && one.weight > 0 && ipOf(one.address) === ipOf(vip) ? [one] : [],
    );
    return backends.length === 0
      ? []
      : intent.ports.map((port) => ({ name: nameOf(intent, vip, port), vip, port, backends }));
  });
}

const nameOf = ({ routerVni, name }: ServiceIntent, vip: string, { protocol, port }: ServicePort): string =>
  `${ipOf(vip) === "ip" ? "svc" : "svc6"}-${routerVni}-${name}-${protocol}-${port}`;

/** With a port behind it. */
export const bracketed = (address: string): string => (address.includes(":") ? `[${address}]` : address);
