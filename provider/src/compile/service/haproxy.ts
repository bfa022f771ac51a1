/** What HAProxy is told of one service: the sections of its ports. */
import type { Balancer, HealthCheck } from "./balancer";
import type { ServiceIntent } from "./intent";
import type { Listener } from "./listeners";
import { bracketed, listenersOf } from "./listeners";

export function haproxyPart(intent: ServiceIntent, balancer: Balancer): string {
  return listenersOf(intent)
    .map((listener) => section(intent, balancer, listener))
    .join("");
}

function section(intent: ServiceIntent, balancer: Balancer, { name, vip, port, backends }: Listener): string {
  const { healthCheck, affinity } = balancer;
  const options = [...(healthCheck === undefined ? [] : serverChecks(healthCheck, balancer)), ...proxied(balancer)];
  const lines = [
    `listen ${name}`,
    `bind ${bracketed(vip)}:${port.port}`,
    ...algorithm(balancer),
    ...(affinity === undefined ? [] : stickiness(vip, affinity)),
    ...(healthCheck === undefined ? [] : probeLines(intent, healthCheck)),
    ...backends.map(({ address, weight }) =>
      ["server", address, `${bracketed(address)}:${port.targetPort}`, "weight", weight, ...options].join(" "),
    ),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function algorithm({ balancing }: Balancer): readonly string[] {
  switch (balancing) {
    case "round-robin":
      return ["balance roundrobin"];
    case "random":
      return ["balance random"];
    case "source-hash":
      // A client keeps its backend when another one comes or goes.
      return ["balance source", "hash-type consistent"];
    case "least-connections":
      return ["balance leastconn"];
  }
}

/** The table outlives a reload: the process of before hands it on. */
const stickiness = (vip: string, seconds: number): readonly string[] => [
  `stick-table type ${vip.includes(":") ? "ipv6" : "ip"} size 100k expire ${seconds}s peers sdn`,
  "stick on src",
];

function probeLines(intent: ServiceIntent, { probe, timeout }: HealthCheck): readonly string[] {
  const limit = `timeout check ${timeout}s`;
  if (probe.protocol === "tcp") return [limit];
  const host = probe.host ?? intent.dns.names[0] ?? intent.name;
  return [
    limit,
    "option httpchk",
    `http-check send meth GET uri ${probe.path} ver HTTP/1.1 hdr Host ${host} hdr Connection close`,
    `http-check expect status ${probe.expectedStatus}`,
  ];
}

function serverChecks(
  { interval, healthyAfter, unhealthyAfter, port }: HealthCheck,
  balancer: Balancer,
): readonly string[] {
  return [
    `check inter ${interval}s rise ${healthyAfter} fall ${unhealthyAfter}`,
    ...(port === undefined ? [] : [`port ${port}`]),
    // Where the connections go, PROXY is expected of the checks, too.
    ...(balancer.sendProxy && port === undefined ? ["check-send-proxy"] : []),
  ];
}

const proxied = ({ sendProxy }: Balancer): readonly string[] => (sendProxy ? ["send-proxy-v2"] : []);
