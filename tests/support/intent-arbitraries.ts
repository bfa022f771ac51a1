/** Generators of intents: pairs are two versions of one resource, as an update has them. */
import fc from "fast-check";
import type {
  Attachment,
  DestinationNat,
  Nat,
  SourceNat,
  Intent,
  PeeringIntent,
  PortIntent,
  RouterIntent,
  SegmentIntent,
} from "../../provider/src/compile/intent";
import { formatAddress } from "../../provider/src/model/address";
import type { Balancer } from "../../provider/src/compile/service/balancer";
import type { ServiceBackend, ServiceIntent } from "../../provider/src/compile/service/intent";
import { peeringIntent, portIntent, routerIntent, routes, segmentIntent, serviceIntent } from "./intents";

/** Kept, so that a failure today is a failure tomorrow. */
export const seed = 20_261_124;

const host4 = fc.bigInt({ min: 0x0a00_0000n, max: 0x0aff_fffen }).map((value) => formatAddress({ family: 4, value }));
const host6 = fc
  .bigInt({ min: 1n, max: 0xffff_ffff_ffffn })
  .map((value) => formatAddress({ family: 6, value: (0xfd00n << 112n) + value }));
const mtu = fc.integer({ min: 576, max: 9000 });
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const mac = fc
  .uint8Array({ minLength: 4, maxLength: 4 })
  .map((octets) => ["02", "42", ...[...octets].map((octet) => octet.toString(16).padStart(2, "0"))].join(":"));

const port = fc.integer({ min: 1, max: 65_000 });
const outside = fc.constantFrom("192.0.2.11", "192.0.2.12", "198.51.100.7");
const sourceRule: fc.Arbitrary<SourceNat> = fc.record({
  from: fc.constantFrom("10.20.5.0/24", "10.20.0.0/20"),
  to: optional(fc.constantFrom("203.0.113.0/24", "198.51.100.0/24")),
  address: fc.oneof(fc.constantFrom("host", "none"), outside),
});
const destinationRule: fc.Arbitrary<DestinationNat> = fc
  .record({
    protocol: fc.constantFrom("tcp" as const, "udp" as const),
    address: outside,
    port,
    more: optional(fc.integer({ min: 1, max: 500 })),
    toAddress: fc.constantFrom("10.20.1.5", "10.20.1.6"),
    toPort: port,
    preserveSource: fc.constantFrom(true, undefined),
  })
  .map(({ more, ...rule }) => (more === undefined ? rule : { ...rule, endPort: rule.port + more, toPort: rule.port }));
/** Of two rules for one port an intent has only one. */
const apart = (rules: readonly DestinationNat[]): readonly DestinationNat[] =>
  rules.filter(
    (rule, index) =>
      !rules
        .slice(0, index)
        .some(
          (other) =>
            other.address === rule.address &&
            other.port <= (rule.endPort ?? rule.port) &&
            rule.port <= (other.endPort ?? other.port),
        ),
  );
const translations: fc.Arbitrary<Nat> = fc.record({
  source: fc.array(sourceRule, { maxLength: 3 }),
  destination: fc.array(destinationRule, { maxLength: 4 }).map(apart),
});

const router: fc.Arbitrary<RouterIntent> = fc
  .record({
    mtu,
    blackholes: optional(fc.subarray(["10.20.99.0/24", "192.168.77.0/24", "fd00:20:99::/64"])),
    cidr: optional(fc.constantFrom("10.20.0.0/16", "10.32.0.0/12", "192.168.0.0/17")),
    ipv6Cidr: optional(fc.constantFrom("fd00:20::/48", "fd00:21::/48")),
    egress: optional(
      fc.record({
        mode: fc.constantFrom("nat" as const, "routed" as const, "none" as const, undefined),
        ipv4: optional(fc.record({ host: host4, router: host4 })),
        ipv6: optional(fc.record({ host: host6, router: host6 })),
      }),
    ),
  })
  .chain(({ egress, ...rest }) =>
    // Translations of IPv4 need the link that has it.
    (egress?.ipv4 === undefined ? fc.constant(undefined) : optional(translations)).map((nat) =>
      routerIntent({ ...rest, egress, nat }),
    ),
  );

const addressing = (host: fc.Arbitrary<string>, cidr: readonly string[], range: string) =>
  fc.record({ cidr: fc.constantFrom(...cidr), gateway: host, router: host, range: fc.constant(range) });

const segment: fc.Arbitrary<SegmentIntent> = fc
  .record({
    mtu,
    underlay: fc.constantFrom("192.0.2.11", "192.0.2.21"),
    port: fc.constantFrom(4789, 8472),
    peers: fc.uniqueArray(host4, { maxLength: 5 }),
    ipv4: optional(addressing(host4, ["10.20.1.0/24", "10.20.0.0/20"], "10.20.1.64/28")),
    ipv6: optional(addressing(host6, ["fd00:20:1::/64"], "fd00:20:1::4000/114")),
    dockerNetwork: optional(fc.constantFrom("shop-web", "shop.web_2")),
    internal: fc.constantFrom(undefined, undefined, true),
    routes: optional(fc.subarray([...(routes.routes ?? []), { destination: "0.0.0.0/0", nextHop: "10.20.1.7" }])),
    policyRoutes: optional(fc.subarray([...(routes.policyRoutes ?? [])])),
  })
  .map(segmentIntent);

const endpoint = (kind: Attachment["kind"]): fc.Arbitrary<PortIntent> =>
  fc
    .record({
      mtu,
      mac,
      ipv4: optional(fc.record({ address: host4.map((one) => `${one}/24`), gateway: optional(host4) })),
      ipv6: optional(fc.record({ address: host6.map((one) => `${one}/64`), gateway: optional(host6) })),
      guard: optional(
        fc.record({
          bindMac: fc.boolean(),
          pairs: fc.array(
            fc.record({
              cidr: fc.constantFrom("10.20.7.0/24", "10.20.1.9/32", "fd00:20:7::/64", "fd00:20:1::9/128"),
              mac: optional(mac),
            }),
            { maxLength: 3 },
          ),
        }),
      ),
    })
    .map((changes) => portIntent(kind, changes));

const side = (network: string, routerVni: number, end: number, prefixes: readonly string[]) =>
  fc.record({
    network: fc.constant(network),
    routerVni: fc.constant(routerVni),
    ipv4: fc.constant(`100.64.156.${144 + end}`),
    ipv6: optional(fc.constant(`fd73:646e:7472::9c9${end}`)),
    prefixes: fc.subarray([...prefixes]),
  });

const peering: fc.Arbitrary<PeeringIntent> = fc
  .record({
    mtu,
    sides: fc.tuple(
      side("shop", 5000, 0, ["10.20.0.0/24", "10.20.128.0/17", "fd00:20::/48"]),
      side("data", 5005, 1, ["10.30.0.0/16", "10.31.0.0/16", "fd00:30::/64"]),
    ),
  })
  .map(peeringIntent);

const backend: fc.Arbitrary<ServiceBackend> = fc.record({
  kind: fc.constant("address" as const),
  address: fc.oneof(host4, host6),
  weight: fc.integer({ min: 0, max: 255 }),
  neighbour: optional(fc.record({ vni: fc.constant(5001), mac })),
});

const balancer: fc.Arbitrary<Balancer> = fc.record({
  driver: fc.constantFrom("haproxy" as const, "nginx" as const),
  balancing: fc.constantFrom("round-robin", "random", "source-hash", "least-connections"),
  healthCheck: optional(
    fc.record({
      probe: fc.oneof(
        fc.constant({ protocol: "tcp" } as const),
        fc.constant({ protocol: "http", path: "/", host: "front", expectedStatus: "200" } as const),
      ),
      port: optional(port),
      interval: fc.integer({ min: 1, max: 60 }),
      timeout: fc.integer({ min: 1, max: 60 }),
      healthyAfter: fc.integer({ min: 1, max: 9 }),
      unhealthyAfter: fc.integer({ min: 1, max: 9 }),
    }),
  ),
  affinity: optional(fc.integer({ min: 1, max: 86_400 })),
  sendProxy: fc.boolean(),
});

const service: fc.Arbitrary<ServiceIntent> = fc
  .record({
    ipv4: optional(fc.constant("198.18.0.10")),
    ipv6: optional(fc.constant("fd73:646e:7376::10")),
    balancing: fc.constantFrom("round-robin" as const, "random" as const, "source-hash" as const),
    ports: fc.uniqueArray(
      fc.record({
        name: fc.constant(undefined),
        protocol: fc.constantFrom("tcp" as const, "udp" as const),
        port,
        targetPort: port,
      }),
      { maxLength: 3, selector: ({ protocol, port: number }) => `${protocol} ${number}` },
    ),
    balancer: optional(balancer),
    backends: fc.uniqueArray(backend, { maxLength: 4, selector: (one) => (one.kind === "address" ? one.address : "") }),
  })
  .map(serviceIntent);

export interface Pair {
  readonly from: Intent;
  readonly to: Intent;
}

const pairOf = (arbitrary: fc.Arbitrary<Intent>): fc.Arbitrary<Pair> => fc.record({ from: arbitrary, to: arbitrary });

export const pairs: fc.Arbitrary<Pair> = fc.oneof(
  pairOf(router),
  pairOf(segment),
  pairOf(peering),
  pairOf(service),
  ...(["docker", "container", "namespace", "interface"] as const).map((kind) => pairOf(endpoint(kind))),
);

export const intents: fc.Arbitrary<Intent> = pairs.map(({ to }) => to);
