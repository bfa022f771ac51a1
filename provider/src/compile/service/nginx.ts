/** What NGINX is told of one service: upstreams and servers of its `stream` block. */
import type { Balancer } from "./balancer";
import type { ServiceIntent } from "./intent";
import type { Listener } from "./listeners";
import { bracketed, listenersOf } from "./listeners";

export function nginxPart(intent: ServiceIntent, balancer: Balancer): string {
  return listenersOf(intent)
    .map((listener) => section(balancer, listener))
    .join("");
}

function section({ balancing }: Balancer, { name, vip, port, backends }: Listener): string {
  const datagrams = port.protocol === "udp";
  const lines = [
    `upstream ${name} {`,
    ...algorithm(balancing),
    ...backends.map(({ address, weight }) => `server ${bracketed(address)}:${port.targetPort} weight=${weight};`),
    "}",
    "server {",
    `listen ${bracketed(vip)}:${port.port}${datagrams ? " udp" : ""};`,
    `proxy_pass ${name};`,
    `proxy_timeout ${datagrams ? "30s" : "1h"};`,
    "}",
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function algorithm(balancing: Balancer["balancing"]): readonly string[] {
  switch (balancing) {
    case "round-robin":
      return [];
    case "random":
      return ["random;"];
    case "source-hash":
      return ["hash $remote_addr consistent;"];
    case "least-connections":
      return ["least_conn;"];
  }
}
