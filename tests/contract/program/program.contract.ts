/** What the host's program does, as a table; one for the real program and the model that stands in for it. */
import type {
  Intent,
  PeeringIntent,
  PortIntent,
  RouterIntent,
  SegmentIntent,
} from "../../../provider/src/compile/intent";
import { foreignOf, foreignSentences, foreignWords } from "../../../provider/src/compile/foreign";
import { markOf, routerNamespace } from "../../../provider/src/compile/names";
import { driftOf } from "../../../provider/src/compile/plan";
import type { Words } from "../../../provider/src/compile/steps";
import { zoneCount, zonesOf } from "../../../provider/src/compile/zones";
import { SdnError } from "../../../provider/src/model/error";
import type { Snapshot } from "../../../provider/src/model/snapshot";
import type { FragmentResult, Report } from "../../../provider/src/render/report";
import { parseReport } from "../../../provider/src/render/report";
import {
  addressing,
  adoptedIntent,
  egressDual,
  nat,
  peeringIntent,
  peerRouter,
  portAddress6,
  portIntent,
  routerIntent,
  routes,
  segmentIntent,
} from "../../support/intents";
import { applyFragment, removeFragment, requestOf } from "../../support/requests";
import { balancers } from "./balancer-cases";
import { firewall } from "./firewall-cases";
import { patching } from "./firewall-patch-cases";
import { services } from "./service-cases";
import { names } from "./names-cases";

/** A host, and what others do to it. */
export interface Machine {
  readonly scope: string;
  /** A namespace that endpoints are put into. */
  readonly box: string;
  run(stdin: string): Promise<string>;
  /** Somebody else's interface in the host's own namespace. */
  addLink(name: string): Promise<void>;
  /** Somebody else's bridge br0, with an MTU of 1400, and on it the VXLAN device vx42 (VNI 42, port 8472). */
  addHandmade(): Promise<void>;
  /** Somebody else's namespace, with an interface in it. */
  addNamespace(name: string): Promise<void>;
  /** `where`: a namespace of the machine, the host's own if left out. */
  removeLink(name: string, where?: string): Promise<void>;
  hasLink(name: string): boolean;
  hasNamespace(name: string): boolean;
  /** As after a power cut: only what is on disk is left. */
  restart(): Promise<void>;
  /** The host's own, as somebody else sees and sets them. */
  sysctl(key: string): string;
  setSysctl(key: string, value: string): void;
  /** Until the time for the proof of an armed change is over, and the host has done what it does then. */
  pastDeadline(): Promise<void>;
  /** What somebody else does to a table of the family `inet`. */
  deleteTable(name: string): void;
  addChain(table: string, name: string): void;
  /**
   * Somebody puts into the tables `inet sdn` of the host and of that router a chain `sneaky`, to which `forward` leads
   * and which looks into a set `sneakers`; into the host's a map `sneaks` and elements of pairs and ports4; into the
   * bridge's a chain `sneaky` and an element of router_ports.
   */
  intrude(router: string): Promise<void>;
  /** UDP packets of 29 bytes that the host sends to a port of its own. */
  send(port: number, packets: number): void;
  /** The processes in that router end. */
  endServers(router: string): Promise<void>;
  /** What a bad disk leaves of a record, or an older version of the program. */
  spoilRecord(key: string, how: "damaged" | "old"): void;
  /** Back to a host on which nothing was done. */
  reset(): Promise<void>;
}

export interface Bench {
  readonly machine: Machine;
  readonly router: RouterIntent;
  readonly segment: SegmentIntent;
  readonly port: PortIntent;
  /** Another network's router, and the peering of the two. */
  readonly peerOf: RouterIntent;
  readonly peering: PeeringIntent;
  apply(to: Intent, from?: Intent, expectedGeneration?: number): Promise<FragmentResult | undefined>;
  /** The same again, with more words. */
  applyWith(to: Intent, more: readonly Words[]): Promise<FragmentResult | undefined>;
  remove(intent: Intent): Promise<Report>;
  report(about: readonly Intent[]): Promise<Snapshot>;
  drift(intent: Intent): Promise<readonly string[]>;
  /** What the host does by itself: at its start, and by timer. */
  again(mode: "restore" | "assert"): Promise<void>;
  /** What is noted of that, as `KIND RESOURCE: DETAIL`. */
  events(): Promise<readonly string[]>;
}

export interface Case {
  readonly name: string;
  readonly check: (bench: Bench) => Promise<void>;
}

const ok = (generation: number): FragmentResult => ({ ok: true, generation });

const creation: readonly Case[] = [
  {
    name: "makes a router, a segment and a port, and shows no drift of any",
    check: async ({ apply, drift, router, segment, port }) => {
      for (const intent of [{ ...router, egress: egressDual }, segment, port]) {
        expect(await apply(intent)).toEqual(ok(1));
        expect(await drift(intent)).toEqual([]);
      }
    },
  },
  {
    name: "makes all of them in one execution, in the order in which they are asked for",
    check: async ({ machine, router, segment, port }) => {
      const intents = [router, segment, port];
      const { results, snapshot } = parseReport(
        await machine.run(
          requestOf(
            machine.scope,
            intents.map((one) => applyFragment(one)),
            intents,
          ),
        ),
      );
      expect([...results.values()]).toEqual([ok(1), ok(1), ok(1)]);
      expect(intents.flatMap((one) => driftOf(one, snapshot))).toEqual([]);
    },
  },
  {
    name: "changes nothing when it is asked the same again, and keeps the generation",
    check: async ({ apply, drift, router, segment }) => {
      for (const intent of [router, segment]) expect(await apply(intent)).toEqual(ok(1));
      for (const intent of [router, segment]) expect(await apply(intent, intent, 1)).toEqual(ok(1));
      expect([...(await drift(router)), ...(await drift(segment))]).toEqual([]);
    },
  },
  {
    name: "remembers the intent, the mark and the generation",
    check: async ({ apply, report, router }) => {
      await apply(router);
      const entry = (await report([])).ledger.get("router-5000");
      expect(entry).toMatchObject({ generation: 1, mark: markOf(router) });
      expect(JSON.parse(entry?.intent ?? "")).toEqual(JSON.parse(JSON.stringify(router)));
    },
  },
];

const changes: readonly Case[] = [
  {
    name: "adds and removes peers, and the MTU reaches every interface",
    check: async ({ apply, drift, router, segment }) => {
      await apply(router);
      await apply(segment);
      const to = { ...segment, mtu: 1400, peers: ["192.0.2.13", "192.0.2.14"] };
      expect(await apply(to, segment, 1)).toEqual(ok(2));
      expect(await drift(to)).toEqual([]);
      expect(await drift(segment)).toContain("flood entry of sdn-v-5001 for VTEP 192.0.2.12 is missing");
    },
  },
  {
    name: "takes away what is no longer wanted: a way out and an address space",
    check: async ({ machine, apply, drift, router }) => {
      const from = { ...router, egress: egressDual };
      await apply(from);
      expect(machine.hasLink("sdn-u-5000")).toBe(true);
      const to = { ...router, cidr: "10.32.0.0/12" };
      expect(await apply(to, from, 1)).toEqual(ok(2));
      expect(machine.hasLink("sdn-u-5000")).toBe(false);
      expect(await drift(to)).toEqual([]);
      const old = `route to 10.20.0.0/16 in ${routerNamespace(5000, machine.scope)} by blackhole is missing`;
      expect(await drift(router)).toContain(old);
    },
  },
  {
    name: "moves an endpoint to another address of its subnet",
    check: async ({ apply, drift, router, segment, port }) => {
      for (const intent of [router, segment, port]) await apply(intent);
      const to = { ...port, mac: "02:42:0a:14:01:06", ipv4: { address: "10.20.1.6/24", gateway: "10.20.1.1" } };
      expect(await apply(to, port, 1)).toEqual(ok(2));
      expect(await drift(to)).toEqual([]);
    },
  },
  {
    name: "repairs what somebody took away, without another generation",
    check: async ({ machine, apply, drift, router, segment }) => {
      for (const intent of [router, segment]) await apply(intent);
      await machine.removeLink("sdn-v-5001");
      await machine.removeLink("sdn-p-5001");
      expect(await drift(segment)).toContain("interface sdn-v-5001 is missing");
      expect(await apply(segment, segment, 1)).toEqual(ok(1));
      expect(await drift(segment)).toEqual([]);
    },
  },
  {
    name: "refuses a change that was planned from another generation",
    check: async ({ apply, drift, router }) => {
      const second = { ...router, mtu: 1400 };
      await apply(router);
      await apply(second, router, 1);
      expect(await apply({ ...router, mtu: 1300 }, router, 1)).toEqual({
        ok: false,
        code: "stale",
        message: "router-5000 has generation 2 on the host, this state was written for 1",
      });
      expect(await drift(second)).toEqual([]);
    },
  },
  {
    name: "takes the same change again where its reply was lost, with the same generation",
    check: async ({ machine, apply, drift, router }) => {
      const second = { ...router, cidr: "10.32.0.0/12" };
      await apply(router);
      await machine.run(requestOf(machine.scope, [applyFragment(second, router, 1)]));
      expect(await apply(second, router, 1)).toEqual(ok(2));
      expect(await drift(second)).toEqual([]);
    },
  },
];

const records: readonly Case[] = [
  {
    name: "a damaged record counts as none, and is written anew with the generation after the one that the state knows",
    check: async ({ machine, apply, report, router }) => {
      await apply(router);
      machine.spoilRecord("router-5000", "damaged");
      expect((await report([])).ledger.size).toBe(0);
      expect(await apply(router, router, 7)).toEqual(ok(8));
      expect((await report([])).ledger.get("router-5000")).toMatchObject({ generation: 8, mark: markOf(router) });
    },
  },
  {
    name: "tells what it remembered until now, in the execution that changes it",
    check: async ({ machine, apply, router }) => {
      await apply(router);
      const second = { ...router, cidr: "10.32.0.0/12" };
      const known = (text: string): unknown => JSON.parse(parseReport(text).previous.get("router-5000") ?? "null");
      const change = requestOf(machine.scope, [applyFragment(second)]);
      expect(known(await machine.run(change))).toEqual(JSON.parse(JSON.stringify(router)));
      expect(known(await machine.run(change))).toBeNull();
      expect(known(await machine.run(requestOf(machine.scope, [removeFragment(second)])))).toMatchObject({
        cidr: "10.32.0.0/12",
      });
    },
  },
  {
    name: "refuses a removal that was planned from another generation",
    check: async ({ machine, apply, router }) => {
      await apply(router);
      await apply({ ...router, mtu: 1400 }, router, 1);
      const removal = { ...removeFragment(router), expectedGeneration: 1 };
      const { results } = parseReport(await machine.run(requestOf(machine.scope, [removal])));
      expect(results.get("router-5000")).toMatchObject({ ok: false, code: "stale" });
      expect(machine.hasNamespace(routerNamespace(5000, machine.scope))).toBe(true);
    },
  },
];

const removal: readonly Case[] = [
  {
    name: "removes what it made, and with the last resource its tables",
    check: async ({ machine, apply, remove, report, router, segment, port }) => {
      for (const intent of [router, segment, port]) await apply(intent);
      for (const intent of [port, segment, router]) {
        const { results } = await remove(intent);
        expect([...results.values()]).toEqual([ok(0)]);
      }
      for (const link of ["sdn-b-5001", "sdn-v-5001", "sdn-p-5001"]) expect(machine.hasLink(link)).toBe(false);
      expect(machine.hasNamespace(routerNamespace(5000, machine.scope))).toBe(false);
      const { ledger, host } = await report([]);
      expect([ledger.size, host.tables.size]).toEqual([0, 0]);
    },
  },
  {
    name: "is content to remove what is gone already",
    check: async ({ apply, remove, router, segment }) => {
      await apply(router);
      await remove(router);
      for (const intent of [segment, router]) {
        const { results, warnings } = await remove(intent);
        expect([[...results.values()], warnings]).toEqual([[ok(0)], []]);
      }
    },
  },
  {
    name: "leaves somebody else's interface of the same name, and says so",
    check: async ({ machine, apply, remove, router, segment }) => {
      await apply(router);
      await apply(segment);
      await machine.removeLink("sdn-v-5001");
      await machine.addLink("sdn-v-5001");
      const { results, warnings } = await remove(segment);
      expect([...results.values()]).toEqual([ok(0)]);
      expect(warnings).toEqual([
        { key: "segment-5001", message: "interface sdn-v-5001 is not ours any more and stays" },
      ]);
      expect(machine.hasLink("sdn-v-5001")).toBe(true);
      expect(machine.hasLink("sdn-b-5001")).toBe(false);
    },
  },
];

/** Neighbour entries that two resources make. */
const sharing: readonly Case[] = [
  {
    name: "leaves what another resource makes, too, and removes it with the last",
    check: async ({ machine, apply, applyWith, report, router, segment, port }) => {
      for (const intent of [router, segment, port]) await apply(intent);
      const where = routerNamespace(5000, machine.scope);
      const entry = ["g5001", "10.20.1.9", "02:42:0a:14:01:09"];
      const gone = [["remove_shared", "neighbour", where, ...entry.slice(0, 2)]];
      for (const intent of [segment, port]) await applyWith(intent, [["neighbour", where, ...entry]]);
      const known = async (): Promise<boolean> => {
        const { neighbours = [] } = (await report([])).namespaces.get(where) ?? {};
        return neighbours.some(({ address }) => address === "10.20.1.9");
      };
      expect(await applyWith(port, gone)).toEqual(ok(1));
      expect(await known()).toBe(true);
      expect(await applyWith(segment, gone)).toEqual(ok(1));
      expect(await known()).toBe(false);
    },
  },
  {
    name: "takes no other address for the same: a longer one, or one that a pattern would match",
    check: async ({ machine, apply, applyWith, report, router, segment, port }) => {
      for (const intent of [router, segment, port]) await apply(intent);
      const where = routerNamespace(5000, machine.scope);
      const others = ["10.20.1.90", "10.20.1.11"].map((one) => ["neighbour", where, "g5001", one, "02:42:0a:14:01:09"]);
      await applyWith(segment, others);
      for (const address of ["10.20.1.9", "10.20.1.1"]) {
        await applyWith(port, [["neighbour", where, "g5001", address, "02:42:0a:14:01:08"]]);
        await applyWith(port, [["remove_shared", "neighbour", where, "g5001", address]]);
      }
      const { neighbours = [] } = (await report([])).namespaces.get(where) ?? {};
      expect(neighbours.map(({ address }) => address).sort()).toEqual([
        "10.20.1.11",
        "10.20.1.5",
        "10.20.1.90",
        "fd00:20:1::5",
      ]);
    },
  },
];

const peering: readonly Case[] = [
  {
    name: "joins two routers, shows no drift of any, and repairs what somebody took away",
    check: async ({ machine, apply, drift, router, peerOf, peering: link }) => {
      for (const intent of [router, peerOf, link]) expect(await apply(intent)).toEqual(ok(1));
      for (const intent of [router, peerOf, link]) expect(await drift(intent)).toEqual([]);
      const where = routerNamespace(5000, machine.scope);
      await machine.removeLink("p5010", where);
      expect(await drift(link)).toEqual(
        expect.arrayContaining([
          `interface p5010 in ${where} is missing`,
          `route to 10.30.0.0/16 in ${where} by p5010 is missing`,
        ]),
      );
      expect(await apply(link, link, 1)).toEqual(ok(1));
      expect(await drift(link)).toEqual([]);
    },
  },
  {
    name: "limits what may pass, and takes the routes to the rest away",
    check: async ({ machine, apply, drift, router, peerOf, peering: link }) => {
      for (const intent of [router, peerOf, link]) await apply(intent);
      const [left, right] = link.sides;
      const to: PeeringIntent = { ...link, sides: [left, { ...right, prefixes: ["10.30.7.0/24"] }] };
      expect(await drift(to)).toContain(
        `nftables chain inet sdn peering-5010 in ${routerNamespace(5000, machine.scope)} lacks 2 of its 4 rules`,
      );
      expect(await apply(to, link, 1)).toEqual(ok(2));
      expect(await drift(to)).toEqual([]);
      const old = `route to 10.30.0.0/16 in ${routerNamespace(5000, machine.scope)} by p5010 is missing`;
      expect(await drift(link)).toContain(old);
    },
  },
  {
    name: "goes and leaves both routers as they were",
    check: async ({ apply, remove, drift, report, router, peerOf, peering: link }) => {
      for (const intent of [router, peerOf]) await apply(intent);
      const before = (await report([])).namespaces;
      await apply(link);
      expect([...(await remove(link)).results.values()]).toEqual([ok(0)]);
      expect((await report([])).namespaces).toEqual(before);
      expect(await drift(router)).toEqual([]);
    },
  },
];

const routing: readonly Case[] = [
  {
    name: "makes routes and policy routes, changes them, and takes them away with nothing left",
    check: async ({ machine, apply, drift, router, segment }) => {
      const routed: SegmentIntent = { ...segment, ...routes };
      const holed = { ...router, blackholes: ["192.168.77.0/24"] };
      expect(await apply(holed)).toEqual(ok(1));
      expect(await apply(segment)).toEqual(ok(1));
      expect((await drift(routed)).length).toBeGreaterThan(5);
      expect(await apply(routed, segment, 1)).toEqual(ok(2));
      expect([...(await drift(holed)), ...(await drift(routed))]).toEqual([]);
      const to: SegmentIntent = {
        ...routed,
        routes: [{ destination: "10.99.0.0/16", nextHop: "10.20.1.10" }],
        policyRoutes: [{ priority: 10, from: "10.20.2.0/24", to: "203.0.113.0/24", nextHop: "10.20.1.10" }],
      };
      expect(await drift(to)).toContain(
        `route to 0.0.0.0/0 in ${routerNamespace(5000, machine.scope)}, routing table 1010, goes via 10.20.1.9 on g5001, should be 10.20.1.10 on g5001`,
      );
      expect(await apply(to, routed, 2)).toEqual(ok(3));
      expect(await drift(to)).toEqual([]);
      expect(await apply(segment, to, 3)).toEqual(ok(4));
      expect((await drift(to)).filter((one) => one.includes("is missing"))).toHaveLength((await drift(to)).length);
    },
  },
  {
    name: "takes the leg of a segment away that becomes internal, and puts it back",
    check: async ({ machine, apply, drift, router, segment }) => {
      const internal: SegmentIntent = { ...segment, internal: true };
      for (const intent of [router, segment]) await apply(intent);
      expect(await apply(internal, segment, 1)).toEqual(ok(2));
      expect(machine.hasLink("sdn-p-5001")).toBe(false);
      expect([...(await drift(internal)), ...(await drift(router))]).toEqual([]);
      expect(await apply(segment, internal, 2)).toEqual(ok(3));
      expect(await drift(segment)).toEqual([]);
    },
  },
];

const zones: readonly Case[] = [
  {
    name: "gives each bridge a conntrack zone of its own, also where two want the same one",
    check: async ({ apply, remove, drift, report, router, segment }) => {
      const twin: SegmentIntent = { ...segment, vni: segment.vni + zoneCount, internal: true };
      for (const intent of [router, segment, twin]) expect(await apply(intent)).toEqual(ok(1));
      expect([...(await drift(segment)), ...(await drift(twin))]).toEqual([]);
      expect([...zonesOf(await report([]))].sort()).toEqual([
        ["sdn-b-5001", 5001],
        ["sdn-b-70536", 5002],
      ]);
      await remove(segment);
      expect([...zonesOf(await report([]))]).toEqual([["sdn-b-70536", 5002]]);
    },
  },
  {
    name: "gives them again at a start of the host",
    check: async ({ machine, apply, drift, report, again, router, segment }) => {
      for (const intent of [router, segment]) await apply(intent);
      await machine.restart();
      expect(zonesOf(await report([])).size).toBe(0);
      await again("restore");
      expect(await drift(segment)).toEqual([]);
      expect([...zonesOf(await report([]))]).toEqual([["sdn-b-5001", 5001]]);
    },
  },
];

const translation: readonly Case[] = [
  {
    name: "makes every kind of translation, changes it, and takes it away again",
    check: async ({ apply, remove, drift, report, router }) => {
      const gateway = { ...router, egress: egressDual };
      const whole = { ...gateway, nat };
      expect(await apply(whole)).toEqual(ok(1));
      expect(await drift(whole)).toEqual([]);
      const [first] = nat.destination;
      if (first === undefined) throw new Error("no rule");
      const changed = { ...gateway, nat: { source: [], destination: [{ ...first, toPort: 81 }] } };
      expect(await apply(changed, whole, 1)).toEqual(ok(2));
      expect(await drift(changed)).toEqual([]);
      const routed = { ...gateway, egress: { ...egressDual, mode: "routed" as const } };
      expect(await apply(routed, changed, 2)).toEqual(ok(3));
      expect(await drift(routed)).toEqual([]);
      expect(await apply(gateway, routed, 3)).toEqual(ok(4));
      expect(await drift(gateway)).toEqual([]);
      expect([...(await remove(gateway)).results.values()]).toEqual([ok(0)]);
      expect((await report([])).host.tables.size).toBe(0);
    },
  },
  {
    name: "two networks that want one port of the host: the second is refused, and nothing of it stays",
    check: async ({ apply, drift, router, peerOf }) => {
      const one = { ...router, egress: egressDual, nat };
      const links = { ipv4: { host: "100.64.156.104", router: "100.64.156.105" }, ipv6: undefined };
      const [first] = nat.destination;
      if (first === undefined) throw new Error("no rule");
      const rival = { ...first, toAddress: "10.30.1.5" };
      const two = { ...peerOf, egress: links, nat: { source: [], destination: [rival] } };
      await apply(one);
      expect(await apply(two)).toEqual({
        ok: false,
        code: "conflict",
        message: "192.0.2.11/tcp/80 in ports4 belongs to sdn:shop/dev:router-5000 already",
      });
      expect(await drift(one)).toEqual([]);
      await apply({ ...one, nat: undefined }, one, 1);
      expect(await apply(two)).toEqual(ok(1));
      expect(await drift(two)).toEqual([]);
    },
  },
];

const refusals: readonly Case[] = [
  {
    name: "a transaction that is no JSON fails what it belongs to, and nothing of it stays",
    check: async ({ machine, router, drift, apply }) => {
      await apply(router);
      const where = routerNamespace(5000, machine.scope);
      for (const text of ["no JSON", '{"nftables":[{"add"', ""]) {
        for (const words of [
          ["nft_table", where, btoa(text) || "-", "-"],
          ["nft_chain", where, "postrouting", btoa(text) || "-"],
        ]) {
          const fragment = { ...applyFragment(router, router, 1), words: [words] };
          const { results } = parseReport(await machine.run(requestOf(machine.scope, [fragment])));
          expect(results.get("router-5000")).toMatchObject({ ok: false, code: "remote-failure" });
        }
      }
      expect(await drift(router)).toEqual([]);
    },
  },
  {
    name: "keeps away from somebody else's interface of the same name, and undoes what it made before it met it",
    check: async ({ machine, apply, report, router, segment }) => {
      await apply(router);
      await machine.addLink("sdn-v-5001");
      expect(await apply(segment)).toEqual({
        ok: false,
        code: "conflict",
        message: "interface sdn-v-5001 exists and is not ours: it carries no mark",
      });
      expect(machine.hasLink("sdn-b-5001")).toBe(false);
      const { host, ledger } = await report([]);
      expect(host.tables.get("inet sdn")?.sets.get("bridges")).toEqual(new Set());
      expect([...ledger.keys()]).toEqual(["router-5000"]);
    },
  },
  {
    name: "keeps away from somebody else's namespace of the same name",
    check: async ({ machine, apply, router }) => {
      const name = routerNamespace(5000, machine.scope);
      await machine.addNamespace(name);
      expect(await apply(router)).toEqual({
        ok: false,
        code: "conflict",
        message: `network namespace ${name} exists and is not ours: it carries no mark`,
      });
    },
  },
  {
    name: "keeps away from a resource of another stack",
    check: async ({ apply, router }) => {
      await apply(router);
      expect(await apply({ ...router, owner: "shop/prod" })).toEqual({
        ok: false,
        code: "conflict",
        message: "router-5000 belongs to another owner: sdn:shop/dev:router-5000",
      });
    },
  },
  {
    name: "an interface that is not there is said to be missing",
    check: async ({ apply, router, segment, port }) => {
      for (const intent of [router, segment]) await apply(intent);
      const nic = { ...port, name: "nic", attachment: { kind: "interface", interface: "none0" } } as const;
      expect(await apply(nic)).toEqual({ ok: false, code: "not-found", message: "interface none0 does not exist" });
    },
  },
  {
    name: "one of two fragments fails and the other one holds",
    check: async ({ machine, apply, drift, router, segment }) => {
      await apply(router);
      await machine.addLink("sdn-b-5002");
      const refused = { ...segment, vni: 5002, label: "refused" };
      for (const order of [
        [refused, segment],
        [{ ...segment, mtu: 1400 }, refused],
      ]) {
        const request = requestOf(
          machine.scope,
          order.map((one) => applyFragment(one)),
        );
        const { results } = parseReport(await machine.run(request));
        expect(results.get("segment-5002")).toMatchObject({ ok: false, code: "conflict" });
        expect(results.get("segment-5001")).toMatchObject({ ok: true });
        expect(await drift(order.find(({ vni }) => vni === 5001) ?? segment)).toEqual([]);
      }
    },
  },
  {
    name: "a question about what is not there takes nothing back of what was just done",
    check: async ({ machine, drift, router }) => {
      const { results } = parseReport(
        await machine.run(
          requestOf(machine.scope, [applyFragment(router)]).replace(
            "\nreport\n",
            "\nquery_namespace container:none eth0\nreport\n",
          ),
        ),
      );
      expect([...results]).toEqual([["router-5000", ok(1)]]);
      expect(await drift(router)).toEqual([]);
    },
  },
  {
    name: "instructions that were cut off change nothing, wherever the cut is",
    check: async ({ machine, report, router }) => {
      const whole = requestOf(machine.scope, [applyFragment(router)]);
      for (const cut of [0.1, 0.5, 0.9, 0.999]) {
        const answer = await machine.run(whole.slice(0, Math.floor(whole.length * cut)));
        expect(() => parseReport(answer)).toThrow(SdnError);
        expect(() => parseReport(answer)).toThrow("the instructions ended early; nothing was changed.");
      }
      expect((await report([])).ledger.size).toBe(0);
      expect(machine.hasNamespace(routerNamespace(5000, machine.scope))).toBe(false);
    },
  },
];

const office = adoptedIntent({ dockerNetwork: undefined });
const aliasesIn = ({ host }: Snapshot): readonly (string | undefined)[] =>
  ["br0", "vx42"].map((name) => host.links.get(name)?.alias);

const adoption: readonly Case[] = [
  {
    name: "what somebody made gets our mark and stays as it is, and is released again",
    check: async ({ machine, apply, remove, report, drift }) => {
      const intent = { ...office, scope: machine.scope };
      await machine.addHandmade();
      const before = await report([]);
      expect(await apply(intent)).toEqual(ok(1));
      expect(await drift(intent)).toEqual([]);
      const after = await report([]);
      expect(aliasesIn(after)).toEqual([markOf(intent), markOf(intent)]);
      const plain = ({ host }: Snapshot): unknown =>
        [...host.links].map(([name, link]) => [name, { ...link, alias: "", up: undefined }]);
      expect(plain(after)).toEqual(plain(before));
      expect(await apply(intent)).toEqual(ok(1));
      await remove(intent);
      const released = await report([]);
      expect(aliasesIn(released)).toEqual(["", ""]);
      expect(plain(released)).toEqual(plain(before));
      expect(released.ledger.size).toBe(0);
    },
  },
  {
    name: "what was adopted is somebody's to make again after a start: no fault until then, and adopted again after that",
    check: async ({ machine, apply, drift, report, again, events, router }) => {
      const intent = { ...office, scope: machine.scope };
      await machine.addHandmade();
      for (const one of [router, intent]) await apply(one);
      await machine.restart();
      await again("restore");
      await again("assert");
      expect((await events()).filter((event) => event.startsWith("failed"))).toEqual([]);
      expect([machine.hasLink("br0"), machine.hasLink("vx42")]).toEqual([false, false]);
      expect(await drift(router)).toEqual([]);
      expect(await drift(intent)).toContain("interface br0, which was adopted, is missing");
      await machine.addHandmade();
      await again("assert");
      expect(aliasesIn(await report([]))).toEqual([markOf(intent), markOf(intent)]);
      expect(await drift(intent)).toEqual([]);
    },
  },
  {
    name: "what was changed since it was adopted is put back",
    check: async ({ machine, apply, drift }) => {
      const intent = { ...office, scope: machine.scope };
      await machine.addHandmade();
      await apply(intent);
      const narrower = { ...intent, bridge: { name: "br0", mtu: 1380 }, vxlans: [] };
      expect(await apply(narrower, intent)).toEqual(ok(2));
      expect(await drift(narrower)).toEqual([]);
      expect(await apply(intent, narrower)).toEqual(ok(3));
      expect(await drift(intent)).toEqual([]);
    },
  },
  {
    name: "what is not there is not made, and what was marked before that was found is unmarked again",
    check: async ({ machine, apply, report }) => {
      await machine.addHandmade();
      await machine.removeLink("vx42");
      const result = await apply({ ...office, scope: machine.scope });
      expect(result).toEqual({
        ok: false,
        code: "not-found",
        message: "interface vx42 does not exist; what was adopted is not made anew",
      });
      const { host, ledger } = await report([]);
      expect([host.links.get("br0")?.alias, ledger.size]).toEqual(["", 0]);
    },
  },
  {
    name: "what is another's, or another kind of thing, is not taken",
    check: async ({ machine, apply, report }) => {
      const intent = { ...office, scope: machine.scope };
      await machine.addHandmade();
      await apply(intent);
      const second = { ...intent, name: "other", owner: "other/prod" };
      expect(await apply(second)).toEqual({
        ok: false,
        code: "conflict",
        message: `interface br0 carries the alias ${markOf(intent)}, which is somebody's`,
      });
      const wrong = { ...intent, name: "wrong", bridge: { name: "vx42", mtu: 1400 }, vxlans: [] };
      expect(await apply(wrong)).toMatchObject({ ok: false, code: "conflict", message: "interface vx42 is no bridge" });
      expect(aliasesIn(await report([]))).toEqual([markOf(intent), markOf(intent)]);
    },
  },
];

const persistence: readonly Case[] = [
  {
    name: "makes everything again after a start from its records alone, and notes it once",
    check: async ({ machine, apply, drift, again, events, router, segment, port }) => {
      const all = [{ ...router, egress: egressDual }, segment, port];
      for (const intent of all) await apply(intent);
      await machine.restart();
      expect(machine.hasLink("sdn-b-5001")).toBe(false);
      await again("restore");
      for (const intent of all) expect(await drift(intent)).toEqual([]);
      await again("assert");
      expect(await events()).toEqual(["restored -: 3"]);
    },
  },
  {
    name: "leaves a setting as others had made it before, though a start found it otherwise",
    check: async ({ machine, apply, remove, again, router }) => {
      const key = "net.ipv4.ip_forward";
      const withEgress = { ...router, egress: egressDual };
      machine.setSysctl(key, "1");
      await apply(withEgress);
      await machine.restart();
      expect(machine.sysctl(key)).toBe("0");
      await again("restore");
      expect(machine.sysctl(key)).toBe("1");
      await remove(withEgress);
      expect(machine.sysctl(key)).toBe("1");
    },
  },
  {
    name: "keeps the records and their generations when it makes things again",
    check: async ({ machine, apply, report, again, router }) => {
      await apply(router);
      const { ledger } = await report([]);
      await machine.restart();
      await again("restore");
      expect((await report([])).ledger).toEqual(ledger);
    },
  },
  {
    name: "makes the last applied version again, not an earlier one",
    check: async ({ machine, apply, drift, again, router }) => {
      const second = { ...router, cidr: "10.32.0.0/12" };
      await apply(router);
      await apply(second, router, 1);
      await machine.restart();
      await again("restore");
      expect(await drift(second)).toEqual([]);
      const old = `route to 10.20.0.0/16 in ${routerNamespace(5000, machine.scope)} by blackhole is missing`;
      expect(await drift(router)).toContain(old);
    },
  },
  {
    name: "repairs by timer what somebody took away and says what that was; where nothing is wrong it says nothing",
    check: async ({ machine, apply, drift, again, events, router, segment }) => {
      for (const intent of [router, segment]) await apply(intent);
      await again("assert");
      await again("assert");
      expect(await events()).toEqual([]);
      await machine.removeLink("sdn-v-5001");
      await again("assert");
      expect(await drift(segment)).toEqual([]);
      expect(await events()).toEqual([
        expect.stringMatching(/^repaired segment-5001: interface sdn-v-5001 was missing/),
      ]);
    },
  },
  {
    name: "makes nothing of a damaged record, says so once, and makes the rest",
    check: async ({ machine, apply, report, drift, again, events, router, segment }) => {
      for (const intent of [router, segment]) await apply(intent);
      machine.spoilRecord("segment-5001", "damaged");
      await machine.restart();
      await again("restore");
      await again("assert");
      for (const link of ["sdn-b-5001", "sdn-v-5001", "sdn-p-5001"]) expect(machine.hasLink(link)).toBe(false);
      expect(await drift(router)).toEqual([]);
      expect(await events()).toEqual(
        expect.arrayContaining(["damaged segment-5001: the saved record is damaged (wrong checksum)", "restored -: 1"]),
      );
      expect(await events()).toHaveLength(2);
      const { damaged, ledger } = await report([]);
      expect([[...damaged], [...ledger.keys()]]).toEqual([["segment-5001"], ["router-5000"]]);
    },
  },
  {
    name: "writes a damaged record anew with the next generation, and then restores from it",
    check: async ({ machine, apply, drift, report, again, router, segment }) => {
      for (const intent of [router, segment]) await apply(intent);
      machine.spoilRecord("segment-5001", "damaged");
      expect(await apply(segment, segment, 1)).toEqual(ok(2));
      expect((await report([])).damaged.size).toBe(0);
      await machine.restart();
      await again("restore");
      expect(await drift(segment)).toEqual([]);
    },
  },
  {
    name: "removes a resource whose record is damaged",
    check: async ({ machine, apply, remove, report, router }) => {
      await apply(router);
      machine.spoilRecord("router-5000", "damaged");
      expect([...(await remove(router)).results.values()]).toEqual([ok(0)]);
      const { damaged, ledger } = await report([]);
      expect([damaged.size, ledger.size]).toEqual([0, 0]);
    },
  },
  {
    name: "reads the record of an older version, restores nothing of it, and writes it anew at the next change",
    check: async ({ machine, apply, report, again, router }) => {
      await apply(router);
      machine.spoilRecord("router-5000", "old");
      expect((await report([])).ledger.get("router-5000")).toMatchObject({ generation: 1, restorable: false });
      await machine.restart();
      await again("restore");
      expect(machine.hasNamespace(routerNamespace(5000, machine.scope))).toBe(false);
      expect(await apply(router, router, 1)).toEqual(ok(1));
      expect((await report([])).ledger.get("router-5000")).toMatchObject({ generation: 1, restorable: true });
    },
  },
  {
    name: "keeps away from somebody else's interface when it makes things again, and leaves no half of a resource",
    check: async ({ machine, apply, drift, again, events, router, segment }) => {
      for (const intent of [router, segment]) await apply(intent);
      await machine.restart();
      await machine.addLink("sdn-v-5001");
      await again("restore");
      await again("assert");
      expect(machine.hasLink("sdn-b-5001")).toBe(false);
      expect(machine.hasLink("sdn-v-5001")).toBe(true);
      expect(await drift(router)).toEqual([]);
      const failure = "failed segment-5001: interface sdn-v-5001 exists and is not ours: it carries no mark";
      expect((await events()).filter((event) => event === failure)).toHaveLength(1);
    },
  },
];

const intrusions: readonly Case[] = [
  {
    name: "shows nothing foreign in the tables that it makes, with everything that there is in them",
    check: async ({ apply, report, router, segment, port, peerOf, peering }) => {
      const gateway = { ...router, egress: egressDual, nat };
      for (const intent of [gateway, segment, port, peerOf, peering]) expect(await apply(intent)).toEqual(ok(1));
      const snapshot = await report([]);
      for (const intent of [gateway, peerOf, segment]) expect(foreignOf(intent, snapshot)).toEqual([]);
    },
  },
  {
    name: "finds chains, sets, maps and elements of somebody else's in its tables, and takes them away",
    check: async ({ machine, apply, applyWith, report, drift, router, segment, port }) => {
      const gateway = { ...router, egress: egressDual, nat };
      for (const intent of [gateway, segment, port]) expect(await apply(intent)).toEqual(ok(1));
      const inside = routerNamespace(5000, machine.scope);
      await machine.intrude(inside);
      const foreign = foreignOf(gateway, await report([]));
      expect(foreignSentences(foreign)).toEqual([
        `nftables chain inet sdn sneaky in ${inside} is not ours`,
        `nftables set inet sdn sneakers in ${inside} is not ours`,
        "nftables chain inet sdn sneaky is not ours",
        "element sdn-b-5001 . eth9 of nftables set inet sdn pairs is not ours",
        "nftables set inet sdn sneakers is not ours",
        "element 192.0.2.11 . tcp . 22 of nftables set inet sdn ports4 is not ours",
        "nftables map inet sdn sneaks is not ours",
        "nftables chain bridge sdn sneaky is not ours",
        "element eth9 of nftables set bridge sdn router_ports is not ours",
      ]);
      expect(await applyWith(gateway, foreignWords(foreign))).toEqual(ok(1));
      expect(foreignOf(gateway, await report([]))).toEqual([]);
      for (const intent of [gateway, segment, port]) expect(await drift(intent)).toEqual([]);
    },
  },
  {
    name: "leaves in its tables what a record accounts for by then, and what is gone already",
    check: async ({ apply, applyWith, drift, router, segment }) => {
      for (const intent of [router, segment]) await apply(intent);
      const words = [
        ["remove_foreign", "-", "inet", "element", "bridges", "sdn-b-5001"],
        ["remove_foreign", "-", "inet", "element", "bridges", "sdn-b-50"],
        ["remove_foreign", "-", "inet", "element", "pairs", "sdn-b-5001/sdn-b-5001"],
        ["remove_foreign", "-", "bridge", "chain", "sneaky"],
      ];
      expect(await applyWith(router, words)).toEqual(ok(1));
      for (const intent of [router, segment]) expect(await drift(intent)).toEqual([]);
    },
  },
];

const cases = {
  adoption,
  creation,
  changes,
  records,
  removal,
  sharing,
  peering,
  routing,
  zones,
  translation,
  refusals,
  persistence,
  firewall,
  patching,
  services,
  balancers,
  names,
  intrusions,
};

export function describeProgramContract(what: string, open: () => Machine): void {
  describe(`the program on ${what}`, () => {
    beforeEach(() => open().reset());

    describe.each(Object.entries(cases))("%s", (_group, table) => {
      test.each(table)("$name", ({ check }) => check(benchOf(open())));
    });
  });
}

function benchOf(machine: Machine): Bench {
  const { scope, box } = machine;
  const run = async (...request: Parameters<typeof requestOf>): Promise<Report> =>
    parseReport(await machine.run(requestOf(...request)));
  const report = async (about: readonly Intent[]): Promise<Snapshot> => (await run(scope, [], about)).snapshot;
  const attachment = { kind: "namespace", namespace: box, interface: "eth0" } as const;
  return {
    machine,
    router: { ...routerIntent({ ipv6Cidr: "fd00:20::/48" }), scope },
    segment: { ...segmentIntent({ ...addressing }), scope },
    port: { ...portIntent("namespace", { ipv6: portAddress6, attachment }), scope },
    peerOf: { ...peerRouter(), scope },
    peering: { ...peeringIntent(), scope },
    apply: async (to, from, expected) => {
      const fragment = applyFragment(to, from, expected);
      return (await run(scope, [fragment])).results.get(fragment.key);
    },
    applyWith: async (to, more) => {
      const fragment = applyFragment(to, to);
      const changed = { ...fragment, words: [...fragment.words, ...more] };
      return (await run(scope, [changed])).results.get(fragment.key);
    },
    remove: (intent) => run(scope, [removeFragment(intent)]),
    report,
    drift: async (intent) => driftOf(intent, await report([intent])),
    again: async (mode) => {
      expect(await machine.run(`scope ${scope}\nlock\nagain ${mode}\ndone\n`)).toBe("complete\n");
    },
    events: async () => {
      const { snapshot } = await run(scope, [], [], { facts: true });
      return snapshot.events.map(({ kind, resource, detail }) => `${kind} ${resource}: ${detail}`);
    },
  };
}
