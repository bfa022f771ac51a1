import type { Balancer, HealthCheck, HealthProbe } from "../compile/service/balancer";
import type { InputReader } from "../inputs/input-reader";
import { parseDnsName } from "../model/name";

const balancings = ["round-robin", "random", "source-hash", "least-connections"] as const;
/** What a component has parsed. */
const asItIs = (text: string): string => text;

export function readBalancer(reader: InputReader | undefined): Balancer | undefined {
  if (reader === undefined) return undefined;
  const driver = reader.require("driver", reader.choice("driver", ["haproxy", "nginx"] as const), "what balances");
  const balancing = reader.choice("balancing", balancings) ?? "round-robin";
  const healthCheck = readHealthCheck(reader.object("healthCheck"));
  const affinity = reader.integer("affinity", 1, 86_400);
  const sendProxy = reader.boolean("sendProxy") ?? false;
  reader.finish();
  return driver === undefined ? undefined : { driver, balancing, healthCheck, affinity, sendProxy };
}

function readHealthCheck(reader: InputReader | undefined): HealthCheck | undefined {
  if (reader === undefined) return undefined;
  const number = (name: string, maximum: number): number =>
    reader.require(name, reader.integer(name, 1, maximum), "a number") ?? 1;
  const check = {
    probe: readProbe(reader),
    port: reader.integer("port", 1, 65_535),
    interval: number("interval", 3600),
    timeout: number("timeout", 3600),
    healthyAfter: number("healthyAfter", 100),
    unhealthyAfter: number("unhealthyAfter", 100),
  };
  reader.finish();
  return check;
}

function readProbe(reader: InputReader): HealthProbe {
  const protocol = reader.choice("protocol", ["tcp", "http"] as const) ?? "tcp";
  if (protocol === "tcp") return { protocol };
  const path = reader.parsed("path", asItIs) ?? "/";
  const expectedStatus = reader.parsed("expectedStatus", asItIs) ?? "200-399";
  return { protocol, path, host: reader.parsed("host", parseDnsName), expectedStatus };
}
