/** Small worlds in which names, addresses and ports meet often: two networks with the same addresses, two hosts. */
import fc from "fast-check";
import { type Address, type Family, parseAddress } from "../../../provider/src/model/address";
import { parseCidr } from "../../../provider/src/model/cidr";
import type { DynamicContainer } from "../../../provider/src/policy/dynamic";
import type { Peer, Policy, Rule, Target } from "../../../provider/src/policy/rule";
import { tiers } from "../../../provider/src/policy/rule";
import type { Selector } from "../../../provider/src/policy/selector";
import type { Service } from "../../../provider/src/policy/transport";
import type { Group, GroupMember, PlacedEndpoint, Segment, World } from "../../../provider/src/policy/world";

export const now = 1000;
const moments = [500, 1000, 1500, 2000, 3000];
export const hosts = ["h1", "h2"] as const;

const cidr = (text: string): ReturnType<typeof parseCidr> => parseCidr(text, "test");
const ip = (text: string): Address => parseAddress(text, "test");

export const segments: readonly Segment[] = [
  segment("red-a", "red", "sdn-b-11", 1, ["10.0.1.0/29", "fd00:1::/125"]),
  segment("red-b", "red", "sdn-b-12", 2, ["10.0.2.0/29", "fd00:2::/125"]),
  // The same addresses as red-a.
  segment("blue-a", "blue", "sdn-b-21", 3, ["10.0.1.0/29", "fd00:1::/125"]),
  segment("green-a", "green", "sdn-b-31", 4, ["10.0.3.0/29"]),
];

function segment(name: string, network: string, bridge: string, zone: number, cidrs: readonly string[]): Segment {
  return { name, network, bridge, zone, hosts, cidrs: cidrs.map(cidr) };
}

/** All addresses that packets have: those of the segments and some of outside. */
const outside = ["10.0.9.1", "203.0.113.7", "fd00:9::1", "2001:db8::7", "fe80::1"].map(ip);

export function addressesOf(one: Segment): readonly Address[] {
  return one.cidrs.flatMap(({ family, base }) =>
    Array.from({ length: 8 }, (_, index): Address => ({ family, value: base + BigInt(index) })),
  );
}

const labels = fc.record(
  { app: fc.constantFrom("web", "db"), env: fc.constantFrom("prod", "test") },
  { requiredKeys: [] },
);

const selectorArbitrary: fc.Arbitrary<Selector> = fc.record({
  matchLabels: labels,
  matchExpressions: fc.array(
    fc.oneof(
      fc.record({
        key: fc.constantFrom("app", "env", "other"),
        operator: fc.constantFrom("In" as const, "NotIn" as const),
        values: fc.subarray(["web", "db", "prod"]),
      }),
      fc.record({
        key: fc.constantFrom("app", "env", "other"),
        operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const),
      }),
    ),
    { maxLength: 1 },
  ),
});

const blockArbitrary = fc.record({
  kind: fc.constant("cidr" as const),
  cidr: fc
    .constantFrom("0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/30", "10.0.1.2/32", "203.0.113.0/24", "::/0", "fd00:1::/126")
    .map(cidr),
  except: fc.subarray(["10.0.1.0/31", "10.0.1.4/30", "10.0.2.0/29", "fd00:1::2/127"].map(cidr)),
});

const endpointNames = ["e1", "e2", "e3", "e4", "e5"];
const groupNames = ["g1", "g2", "g3"];
/** With containers among their members. */
export const containerGroups = ["c1", "c2"];
const dnsNames = ["n1", "n2"];
const segmentNames = segments.map(({ name }) => name);

const memberArbitrary: fc.Arbitrary<GroupMember> = fc.oneof(
  fc.record({ kind: fc.constant("labels" as const), selector: selectorArbitrary }),
  fc.record({ kind: fc.constant("endpoint" as const), name: fc.constantFrom(...endpointNames) }),
  fc.record({ kind: fc.constant("subnet" as const), name: fc.constantFrom(...segmentNames) }),
  blockArbitrary,
);

const endpointArbitrary = (name: string): fc.Arbitrary<PlacedEndpoint> =>
  fc.constantFrom(...segments).chain((one) =>
    fc.record({
      name: fc.constant(name),
      segment: fc.constant(one.name),
      host: fc.constantFrom(...hosts),
      addresses: fc.uniqueArray(fc.constantFrom(...addressesOf(one)), {
        minLength: 1,
        maxLength: 2,
        selector: (address) => `${address.family} ${address.value}`,
      }),
      labels,
    }),
  );

export const worldArbitrary: fc.Arbitrary<World> = fc.record({
  networks: fc.boolean().map((peered) => [
    { name: "red", peers: peered ? ["green"] : [] },
    { name: "blue", peers: [] },
    { name: "green", peers: peered ? ["red"] : [] },
  ]),
  segments: fc.constant(segments),
  endpoints: fc.tuple(...endpointNames.map(endpointArbitrary)).map(withoutTaken),
  groups: fc.tuple(
    ...groupNames.map((name): fc.Arbitrary<Group> =>
      fc.record({ name: fc.constant(name), members: fc.array(memberArbitrary, { maxLength: 2 }) }),
    ),
    ...containerGroups.map((name): fc.Arbitrary<Group> =>
      fc.record({
        name: fc.constant(name),
        members: fc
          .tuple(
            fc.array(fc.record({ kind: fc.constant("containers" as const), selector: selectorArbitrary }), {
              minLength: 1,
              maxLength: 2,
            }),
            fc.array(memberArbitrary, { maxLength: 1 }),
          )
          .map((members) => members.flat()),
      }),
    ),
  ),
  hostRanges: fc.subarray([
    { host: "h1", segment: "red-a", cidr: cidr("10.0.1.4/31") },
    { host: "h2", segment: "red-a", cidr: cidr("10.0.1.6/31") },
    { host: "h1", segment: "blue-a", cidr: cidr("fd00:1::4/127") },
  ]),
});

/** What the engine of each host says, and what names resolve to. */
export interface Found {
  readonly names: Readonly<Record<string, readonly Address[]>>;
  readonly containers: readonly (DynamicContainer & { readonly host: string })[];
}

export const nothingFound: Found = { names: {}, containers: [] };

/** The world as one host knows it. */
export const worldOn = (world: World, { names, containers }: Found, host: string): World => ({
  ...world,
  dynamic: { names, containers: containers.filter((one) => one.host === host) },
});

const containerArbitrary = fc.constantFrom(...segments).chain((one) =>
  fc.record({
    host: fc.constantFrom<string>(...hosts),
    segment: fc.constant(one.name),
    address: fc.constantFrom(...addressesOf(one)),
    labels,
  }),
);

export const foundArbitrary: fc.Arbitrary<Found> = fc.record({
  names: fc.record(
    Object.fromEntries(
      dnsNames.map((name) => [
        name,
        fc.uniqueArray(fc.constantFrom(...segments.flatMap(addressesOf), ...outside), {
          maxLength: 6,
          selector: ({ family, value }) => `${family} ${value}`,
        }),
      ]),
    ),
  ),
  containers: fc.uniqueArray(containerArbitrary, {
    maxLength: 8,
    selector: ({ segment, address: { family, value } }) => `${segment} ${family} ${value}`,
  }),
});

/** Two endpoints of a segment never have one address. */
function withoutTaken(endpoints: readonly PlacedEndpoint[]): readonly PlacedEndpoint[] {
  const taken = new Set<string>();
  return endpoints.map((endpoint) => ({
    ...endpoint,
    addresses: endpoint.addresses.filter(({ family, value }) => {
      const key = `${endpoint.segment} ${family} ${value}`;
      if (taken.has(key)) return false;
      taken.add(key);
      return true;
    }),
  }));
}

const portArbitrary = fc.constantFrom(0, 22, 79, 80, 81, 443, 65_535);
const portRange = fc
  .tuple(portArbitrary, portArbitrary)
  .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
const icmpTypes = fc.record({ type: fc.constantFrom(0, 3, 8, 128, 129, 255) }, { requiredKeys: ["type"] });
const icmpCodes = fc.record({ type: fc.constantFrom(3, 8), code: fc.constantFrom(0, 1, 255) });

const serviceArbitrary: fc.Arbitrary<Service> = fc.oneof(
  fc.record({ kind: fc.constant("protocol" as const), protocol: fc.constantFrom(1, 6, 17, 47, 58, 0, 255) }),
  fc.record({
    kind: fc.constant("ports" as const),
    protocol: fc.constantFrom(6, 17, 132),
    ports: fc.array(portRange, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant("icmp" as const),
    family: fc.constantFrom<Family>(4, 6),
    types: fc.array(fc.oneof(icmpTypes, icmpCodes), { minLength: 1, maxLength: 3 }),
  }),
);

const peerArbitrary: fc.Arbitrary<Peer> = fc.oneof(
  fc.constant({ kind: "any" as const }),
  fc.record({ kind: fc.constant("group" as const), name: fc.constantFrom(...groupNames) }),
  fc.record({ kind: fc.constant("subnet" as const), name: fc.constantFrom(...segmentNames) }),
  fc.record({ kind: fc.constant("endpoint" as const), name: fc.constantFrom(...endpointNames) }),
  blockArbitrary,
);

const targetArbitrary: fc.Arbitrary<Target> = fc.oneof(
  fc.record({ kind: fc.constant("network" as const), name: fc.constantFrom("red", "blue") }),
  fc.record({ kind: fc.constant("group" as const), name: fc.constantFrom(...groupNames) }),
  fc.record({ kind: fc.constant("subnet" as const), name: fc.constantFrom(...segmentNames) }),
  fc.record({ kind: fc.constant("endpoint" as const), name: fc.constantFrom(...endpointNames) }),
  fc.record({ kind: fc.constant("host" as const), name: fc.constantFrom(...hosts) }),
  fc.record({ kind: fc.constant("group" as const), name: fc.constantFrom(...containerGroups) }),
);

const logArbitrary = fc.constantFrom(
  { rate: 5, per: "minute" as const, burst: 5 },
  { rate: 1, per: "second" as const, burst: 1 },
);

const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

function ruleArbitrary(): fc.Arbitrary<Omit<Rule, "name">> {
  return fc
    .record({
      direction: fc.constantFrom("ingress" as const, "egress" as const),
      action: fc.constantFrom("allow" as const, "deny" as const, "reject" as const, "pass" as const),
      peers: fc.array(peerArbitrary, { minLength: 1, maxLength: 2 }),
      dynamic: rarely(
        fc.oneof(
          fc.record({ kind: fc.constant("name" as const), name: fc.constantFrom(...dnsNames) }),
          fc.record({ kind: fc.constant("group" as const), name: fc.constantFrom(...containerGroups) }),
        ),
      ),
      services: fc.oneof(fc.constant("any" as const), fc.array(serviceArbitrary, { minLength: 1, maxLength: 2 })),
      enabled: fc.oneof({ weight: 7, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      expires: rarely(fc.constantFrom(...moments)),
      log: rarely(logArbitrary),
    })
    .map(({ expires, log, dynamic, ...rule }) => ({
      ...rule,
      peers:
        dynamic !== undefined && (rule.action === "allow" || (rule.action === "pass" && dynamic.kind === "group"))
          ? [...rule.peers.slice(1), dynamic]
          : rule.peers,
      ...(expires === undefined ? {} : { expires }),
      ...(log === undefined ? {} : { log }),
    }));
}

const actionArbitrary = fc.constantFrom(
  "continue" as const,
  "isolate" as const,
  "deny" as const,
  "allow" as const,
  "pass" as const,
  "reject" as const,
);

export function policyArbitrary(index: number): fc.Arbitrary<Policy> {
  return fc
    .record({
      tier: fc.constantFrom(...tiers),
      appliesTo: fc.array(targetArbitrary, { minLength: 1, maxLength: 2 }),
      rules: fc.array(ruleArbitrary(), { maxLength: 4 }),
      defaults: fc.record({ ingress: actionArbitrary, egress: actionArbitrary }),
      defaultLog: rarely(logArbitrary),
      enforcement: fc.oneof(
        { weight: 4, arbitrary: fc.constant({ mode: "enforced" as const }) },
        { weight: 1, arbitrary: fc.constant({ mode: "watch" as const }) },
        { weight: 1, arbitrary: fc.constantFrom(...moments).map((until) => ({ mode: "watch" as const, until })) },
      ),
    })
    .map(({ defaultLog, rules, ...policy }) => ({
      ...policy,
      ...(defaultLog === undefined ? {} : { defaultLog }),
      name: `p${index}`,
      priority: index,
      onClose: "cut" as const,
      rules: rules.map((rule, place) => ({ ...rule, name: `r${place}` })),
    }));
}

export const policiesArbitrary: fc.Arbitrary<readonly Policy[]> = fc
  .integer({ min: 1, max: 5 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => policyArbitrary(index))));

/** A packet that a bridge of a host forwards. */
export interface BridgedPacket {
  readonly host: string;
  readonly segment: Segment;
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  /** Source port, or the id of ICMP. */
  readonly firstWord: number;
  readonly secondWord: number;
  readonly icmp: { readonly type: number; readonly code: number };
  readonly tcpFlags: number;
  /** Of an open flow: goes against the direction in which it was opened. */
  readonly isAnswer: boolean;
  readonly state: "new" | "established" | "related" | "invalid" | "untracked";
  readonly time: number;
}

const anywhere = [...segments.flatMap(addressesOf), ...outside];

export const packetArbitrary: fc.Arbitrary<BridgedPacket> = fc
  .tuple(fc.constantFrom(...segments), fc.boolean(), fc.constantFrom<Family>(4, 4, 6))
  .chain(([one, leaves, family]) => {
    const here = addressesOf(one).filter((address) => address.family === family);
    const there = anywhere.filter((address) => address.family === family);
    const near = fc.constantFrom(...(here.length === 0 ? there : here));
    const far = fc.oneof(near, fc.constantFrom(...there));
    return fc.record({
      host: fc.constantFrom(...hosts),
      segment: fc.constant(one),
      source: leaves ? near : far,
      destination: leaves ? far : near,
      protocol: fc.constantFrom(6, 6, 6, 17, 17, 132, 1, 58, 47, 0, 255),
      firstWord: fc.constantFrom(1024, 1025),
      isAnswer: fc.boolean(),
      secondWord: fc.oneof(portArbitrary, fc.integer({ min: 0, max: 65_535 })),
      icmp: fc.record({
        type: fc.constantFrom(0, 3, 8, 128, 129, 130, 133, 134, 135, 136, 137, 143, 255),
        code: fc.constantFrom(0, 1, 2, 255),
      }),
      tcpFlags: fc.oneof(
        { weight: 6, arbitrary: fc.constant(2) },
        { weight: 1, arbitrary: fc.constantFrom(16, 18, 4, 1, 0) },
      ),
      state: fc.oneof(
        { weight: 8, arbitrary: fc.constant("new" as const) },
        { weight: 1, arbitrary: fc.constantFrom("established" as const, "related" as const, "invalid" as const) },
        { weight: 1, arbitrary: fc.constant("untracked" as const) },
      ),
      time: fc.constantFrom(1000, 1499, 1500, 1501, 1999, 2000, 4000),
    });
  });
