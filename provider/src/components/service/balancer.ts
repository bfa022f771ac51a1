/** What balances in place of nftables, as the user wrote it. */
import type { InputReader } from "../../inputs/input-reader";
import { SdnError } from "../../model/error";
import { parseDnsName } from "../../model/name";
import type { Value, ValueMap } from "../../rpc/value";
import { Unknown, unknown } from "../../rpc/value";
import { present } from "../references";

export interface BalancerInput {
  readonly driver: "nft" | "haproxy" | "nginx" | Unknown;
  readonly balancing: Value;
  readonly healthCheck: Value | undefined;
  /** Seconds. */
  readonly affinity: Value | undefined;
  readonly sendProxy: Value;
}

const drivers = ["nft", "haproxy", "nginx"] as const;
const balancings = ["round-robin", "random", "source-hash", "least-connections"] as const;
const ofHttp = ["path", "host", "expectedStatus"] as const;

export function readBalancer(reader: InputReader): BalancerInput {
  const input: BalancerInput = {
    driver: reader.orUnknown("driver", reader.choice("driver", drivers)) ?? "nft",
    balancing: reader.orUnknown("balancing", reader.choice("balancing", balancings)) ?? "round-robin",
    healthCheck: reader.orUnknown("healthCheck", readHealthCheck(reader.object("healthCheck"))),
    affinity: reader.orUnknown("affinity", readAffinity(reader.object("affinity"))),
    sendProxy: reader.orUnknown("sendProxy", reader.boolean("sendProxy")) ?? false,
  };
  checkDriver(reader, input);
  return input;
}

function readHealthCheck(reader: InputReader | undefined): ValueMap | undefined {
  if (reader === undefined) return undefined;
  const protocol = reader.orUnknown("protocol", reader.choice("protocol", ["tcp", "http"])) ?? "tcp";
  const number = (name: string, maximum: number, otherwise: number): Value =>
    reader.orUnknown(name, reader.integer(name, 1, maximum)) ?? otherwise;
  const [interval, timeout] = [number("interval", 3600, 2), number("timeout", 3600, 1)];
  const http = {
    path: reader.orUnknown("path", reader.parsed("path", parsePath)),
    host: reader.orUnknown("host", reader.parsed("host", parseDnsName)),
    expectedStatus: reader.orUnknown("expectedStatus", reader.parsedDigits("expectedStatus", parseStatus)),
  };
  const check = {
    port: reader.orUnknown("port", reader.integer("port", 1, 65_535)),
    interval,
    timeout,
    healthyAfter: number("healthyAfter", 100, 2),
    unhealthyAfter: number("unhealthyAfter", 100, 3),
  };
  reader.finish();
  if (typeof interval === "number" && typeof timeout === "number" && timeout > interval) {
    refuse(reader, reader.at("timeout"), "is longer than interval", "make it as long at the most", timeout);
  }
  if (protocol instanceof Unknown) return present({ protocol, ...http, ...check });
  if (protocol === "http") {
    return present({
      protocol,
      ...http,
      path: http.path ?? "/",
      expectedStatus: http.expectedStatus ?? "200-399",
      ...check,
    });
  }
  const odd = ofHttp.find((name) => http[name] !== undefined);
  if (odd !== undefined)
    refuse(reader, reader.at(odd), "is of http, and protocol is tcp", "write protocol: http, or leave it out");
  return present({ protocol, ...check });
}

/** Nothing in it means anything to HAProxy. */
function parsePath(text: string, property: string): string {
  if (/^\/[A-Za-z0-9_.~/?=&,:@+-]{0,199}$/.test(text)) return text;
  const remedy = "write up to 200 letters, digits and -._~/?=&,:@+ that begin with /";
  throw new SdnError({
    code: "invalid-input",
    property,
    value: text,
    cause: "is not a path that is asked for",
    remedy,
  });
}

function parseStatus(text: string, property: string): string {
  const [first, last = first, ...more] = text.split("-");
  const isStatus = (one = ""): boolean => /^[1-5][0-9]{2}$/.test(one);
  if (more.length === 0 && isStatus(first) && isStatus(last) && Number(first) <= Number(last)) return text;
  const remedy = "write a number such as 200, or two such as 200-399";
  throw new SdnError({ code: "invalid-input", property, value: text, cause: "is not a status of HTTP", remedy });
}

function readAffinity(reader: InputReader | undefined): Value | undefined {
  if (reader === undefined) return undefined;
  const seconds = reader.require("seconds", reader.integer("seconds", 1, 86_400), "for how long");
  reader.finish();
  return reader.orUnknown("seconds", seconds);
}

function refuse(reader: InputReader, property: string, cause: string, remedy: string, value?: string | number): void {
  const shown = value === undefined ? {} : { value };
  reader.problems.add(new SdnError({ code: "invalid-input", property, cause, remedy, ...shown }));
}

/** A change of driver changes who backends and policies see, so it is never made by itself (decision 0023). */
function checkDriver(reader: InputReader, { driver, balancing, sendProxy }: BalancerInput): void {
  const haproxy = "write driver: haproxy; backends then see the router's address";
  const given = (name: string): boolean => reader.given(name);
  switch (driver) {
    case "nft":
      if (given("healthCheck")) refuse(reader, "healthCheck", "nftables asks no backend how it is", haproxy);
      if (given("affinity"))
        refuse(reader, "affinity", "nftables remembers no client", `${haproxy}. Or balancing: source-hash`);
      if (balancing === "least-connections") {
        refuse(reader, "balancing", "nftables counts no connections", "write driver: haproxy, or nginx", balancing);
      }
      break;
    case "nginx":
      if (given("healthCheck")) {
        const remedy = "write driver: haproxy, or leave it out: who takes no connection gets none for 10 seconds";
        refuse(reader, "healthCheck", "NGINX asks backends by itself only in its paid version", remedy);
      }
      if (given("affinity")) {
        const remedy = "write driver: haproxy, or balancing: source-hash";
        refuse(reader, "affinity", "NGINX remembers clients only in its paid version", remedy);
      }
      break;
    default:
  }
  if (sendProxy === true && (driver === "nft" || driver === "nginx")) {
    const cause = driver === "nft" ? "backends see the client's own address" : "NGINX speaks version 1 alone";
    refuse(reader, "sendProxy", cause, "leave it out, or write driver: haproxy");
  }
}

/** What of the entry's form a process cannot do. */
export function checkBalancerForm(
  reader: InputReader,
  driver: BalancerInput["driver"],
  headless: boolean,
  ports: Value,
): void {
  if (driver === "nft" || driver instanceof Unknown) return;
  if (headless) refuse(reader, "driver", "a headless entry balances nothing", "leave driver out, or headless", driver);
  if (driver !== "haproxy" || !Array.isArray(ports)) return;
  (ports as readonly ValueMap[]).forEach(({ protocol }, index) => {
    if (protocol !== "udp") return;
    const remedy = "write driver: nft or nginx, or make an entry of its own for the port";
    refuse(reader, `ports[${index}].protocol`, "HAProxy balances no UDP", remedy, "udp");
  });
}

/** As hosts take it: how nftables balances, and what does in its place. */
export function balancerSpec({ driver, balancing, healthCheck, affinity, sendProxy }: BalancerInput): ValueMap {
  if (driver instanceof Unknown) return { balancing: unknown, balancer: unknown };
  if (driver === "nft") return { balancing };
  return { balancer: present({ driver, balancing, healthCheck, affinity, sendProxy }) };
}

/** What a reviewer must know of it. */
export function balancerWarning({ driver, sendProxy }: BalancerInput): string | undefined {
  if (driver === "nft" || driver instanceof Unknown || sendProxy === true) return undefined;
  const cure = driver === "haproxy" ? " Backends that know the PROXY protocol are told it with sendProxy: true." : "";
  return `driver: backends and their firewall policies see an address of the router, not the client's.${cure}`;
}
