/** The analyser says of whole classes and transports what the evaluator says of single packets. */
import fc from "fast-check";
import { formatAddress } from "../../../provider/src/model/address";
import { inCidr } from "../../../provider/src/model/cidr";
import { evaluate } from "../../../provider/src/policy/evaluate";
import type { Place } from "../../../provider/src/policy/packet";
import type { Policy } from "../../../provider/src/policy/rule";
import { hasPorts, icmpOf, lowBits } from "../../../provider/src/policy/transport";
import { firewallTable } from "../../../provider/src/compile/firewall/program";
import type { World } from "../../../provider/src/policy/world";
import type { EndClass } from "../../../provider/src/reach/classes";
import { Reach } from "../../../provider/src/reach/reach";
import { realmOf } from "../../../provider/src/reach/realm";
import { waysOfWorld } from "../../../provider/src/reach/ways";
import { seed } from "../../support/intent-arbitraries";
import { tracedPacket } from "../../support/policy/agreement";
import {
  type BridgedPacket,
  containerGroups,
  foundArbitrary,
  hosts,
  now,
  packetArbitrary,
  policiesArbitrary,
  worldArbitrary,
  worldOn,
} from "../../support/policy/arbitraries";
import { compile, filled } from "../../support/policy/compiled";
import { trace } from "../../support/policy/tracer";

const text = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === "bigint" ? String(part) : part instanceof Set ? [...(part as Set<unknown>)] : part,
  );

/** Whether hosts find out by themselves whom a policy is about. */
const isFollowed = (policies: readonly Policy[]): boolean =>
  policies.some(({ appliesTo, rules }) =>
    [...appliesTo, ...rules.flatMap(({ peers }) => peers)].some(
      (one) => one.kind === "name" || (one.kind === "group" && containerGroups.includes(one.name)),
    ),
  );

interface Placed {
  readonly end: EndClass;
  readonly place: Place;
  readonly host: string | undefined;
}

/** Everybody whom the packet's address may be, as the classes have it: it may be an address in several networks. */
function placed(reach: Reach, world: World, address: BridgedPacket["source"]): readonly Placed[] {
  return reach.classes.flatMap((end): readonly Placed[] => {
    const holding = end.members.find(({ first, last }) => first <= address.value && address.value <= last);
    if (end.family !== address.family || end.network === undefined || holding === undefined) return [];
    if (end.place.kind !== "segment") return [{ end, place: { address, segment: undefined }, host: undefined }];
    const { segment } = holding;
    const endpoint = world.endpoints.find(
      (one) => one.segment === segment && one.addresses.some((own) => formatAddress(own) === formatAddress(address)),
    );
    const range = world.hostRanges.find((one) => one.segment === segment && inCidr(address, one.cidr));
    return [{ end, place: { address, segment }, host: endpoint?.host ?? range?.host }];
  });
}

const pointOf = ({ protocol, secondWord, icmp, source }: BridgedPacket): number => {
  if (hasPorts(protocol)) return protocol * lowBits + secondWord;
  return protocol === icmpOf(source.family) ? protocol * lowBits + icmp.type * 256 + icmp.code : protocol * lowBits;
};

test("analyser and evaluator agree about every packet, whatever hosts find out", () => {
  const seen = { allow: 0, deny: 0, depends: 0 };
  fc.assert(
    fc.property(
      worldArbitrary,
      policiesArbitrary,
      fc.array(packetArbitrary, { minLength: 1, maxLength: 40, size: "max" }),
      foundArbitrary,
      (...[world, policies, packets, found]) => {
        const realm = realmOf(hosts, policies, world);
        const reach = new Reach({ versions: [[realm]], ways: waysOfWorld(world), marks: [], now });
        for (const packet of packets) {
          for (const from of placed(reach, world, packet.source)) {
            for (const to of placed(reach, world, packet.destination)) {
              if (!reach.leads(from.end, to.end)) continue;
              const line = reach.line({ from: from.end, to: to.end }, 0);
              const point = pointOf(packet);
              const decision = line.find(({ first, last }) => first <= point && point <= last)!.value;
              seen[decision.verdict] += 1;
              const asked = { ...packet, port: packet.secondWord, time: now };
              const judged = { ...asked, source: from.place, destination: to.place };
              // Each end is judged by its own host, which has found out other things.
              const egress = evaluate(policies, judged, worldOn(world, found, from.host ?? "")).egress;
              const ingress = evaluate(policies, judged, worldOn(world, found, to.host ?? "")).ingress;
              const denied = [egress, ingress].find((one) => one !== undefined && one.verdict !== "allow");
              if (decision.verdict === "depends") {
                expect(isFollowed(policies)).toBe(true);
                continue;
              }
              if ((denied === undefined) !== (decision.verdict === "allow")) {
                throw new Error(text({ decision, egress, ingress, judged }));
              }
              const by = denied === undefined ? [egress?.by, ingress?.by] : [denied.by];
              if (!isFollowed(policies)) expect(decision.by).toEqual(by.filter((ref) => ref !== undefined));
            }
          }
        }
      },
    ),
    { numRuns: 400, seed },
  );
  expect(Math.min(seen.allow, seen.deny, seen.depends)).toBeGreaterThan(200);
});

test("analyser and the tables that hosts would have agree about flows that open", () => {
  const seen = { accept: 0, drop: 0 };
  fc.assert(
    fc.property(
      worldArbitrary,
      policiesArbitrary,
      fc.array(packetArbitrary, { minLength: 100, maxLength: 150, size: "max" }),
      foundArbitrary,
      (...[world, policies, packets, found]) => {
        const realm = realmOf(hosts, policies, world);
        const reach = new Reach({ versions: [[realm]], ways: waysOfWorld(world), marks: [], now });
        const tables = new Map(
          hosts.map((host) => [host, filled(compile(policies, world, host), world, found, host)] as const),
        );
        for (const given of packets) {
          const packet = { ...given, state: "new" as const, tcpFlags: 2, time: now };
          const { host, segment, source, destination } = packet;
          const here = (one: Placed): boolean => one.host === host && one.place.segment === segment.name;
          const [from] = placed(reach, world, source).filter(here);
          const [to] = placed(reach, world, destination).filter(here);
          // A table judges what is at home on its host: with both ends there, the whole way.
          if (from === undefined || to === undefined || isNeighbourDiscovery(packet)) continue;
          const point = pointOf(packet);
          const line = reach.line({ from: from.end, to: to.end }, 0);
          const { verdict } = line.find(({ first, last }) => first <= point && point <= last)!.value;
          if (verdict === "depends") continue;
          const traced = trace(tables.get(host as "h1")!, firewallTable, tracedPacket(packet)).verdict;
          seen[verdict === "allow" ? "accept" : "drop"] += 1;
          if ((traced === "accept") !== (verdict === "allow")) throw new Error(text({ verdict, traced, packet }));
        }
      },
    ),
    { numRuns: 200, seed },
  );
  expect(Math.min(seen.accept, seen.drop)).toBeGreaterThan(20);
});

const isNeighbourDiscovery = ({ source, protocol, icmp }: BridgedPacket): boolean =>
  source.family === 6 && protocol === 58 && [130, 131, 132, 133, 135, 136, 143].includes(icmp.type);

test("analyser and evaluator agree about hosts themselves", () => {
  let asked = 0;
  fc.assert(
    fc.property(
      worldArbitrary,
      policiesArbitrary,
      fc.array(packetArbitrary, { minLength: 1, maxLength: 40, size: "max" }),
      (...[world, policies, packets]) => {
        const realm = realmOf(hosts, policies, world);
        const reach = new Reach({ versions: [[realm]], ways: waysOfWorld(world), marks: [], now });
        for (const packet of packets) {
          const { source, destination } = packet;
          const peer = reach.classes.find(
            ({ network, family, place, members }) =>
              network === undefined &&
              place.kind === "outside" &&
              family === source.family &&
              members.some(({ first, last }) => first <= source.value && source.value <= last),
          );
          const own = reach.classes.find(
            ({ place, family }) => place.kind === "host" && family === source.family && place.hosts.includes("h1"),
          );
          if (peer === undefined || own === undefined) continue;
          const point = pointOf(packet);
          const { verdict } = reach
            .line({ from: peer, to: own }, 0)
            .find(({ first, last }) => first <= point && point <= last)!.value;
          if (verdict === "depends") continue;
          const judged = evaluate(
            policies,
            {
              ...packet,
              port: packet.secondWord,
              time: now,
              source: { address: source, segment: undefined },
              destination: { address: destination, segment: undefined, host: "h1" },
            },
            world,
          );
          asked += 1;
          expect(verdict).toBe(judged.verdict === "allow" ? "allow" : "deny");
        }
      },
    ),
    { numRuns: 200, seed },
  );
  expect(asked).toBeGreaterThan(500);
});
