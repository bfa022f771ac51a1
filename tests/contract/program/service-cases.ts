/** What the host's program does with services; for the real program and its model. */
import type { ServiceIntent } from "../../../provider/src/compile/service/intent";
import { addressing, dualStackService, serviceIntent } from "../../support/intents";
import type { Bench, Case } from "./program.contract";

const ok = (generation: number): object => ({ ok: true, generation });

const front = ({ machine }: Bench): ServiceIntent => ({ ...dualStackService(), scope: machine.scope });
const other = ({ machine }: Bench): ServiceIntent => ({
  ...serviceIntent({ name: "api", label: "api", ipv4: "198.18.0.11" }),
  scope: machine.scope,
});

/** The bridges whose clients' packets are looked at. */
async function servedBridges({ report }: Bench): Promise<readonly string[]> {
  const { host } = await report([]);
  return [...(host.tables.get("inet sdn")?.maps.get("networks")?.keys() ?? [])];
}
const chainsOf = async ({ report }: Bench): Promise<readonly string[]> =>
  [...((await report([])).host.tables.get("inet sdn")?.chains.keys() ?? [])].filter((name) => name.startsWith("svc"));

export const services: readonly Case[] = [
  {
    name: "makes a service, and shows no drift of it nor of what it stands on",
    check: async (bench) => {
      const segment = { ...bench.segment, ...addressing };
      const intents = [{ ...bench.router, ipv6Cidr: "fd00:20::/48" }, segment, front(bench)];
      for (const intent of intents) expect(await bench.apply(intent)).toEqual(ok(1));
      for (const intent of intents) expect(await bench.drift(intent)).toEqual([]);
      expect(await servedBridges(bench)).toEqual(["sdn-b-5001"]);
      for (const intent of intents) expect(await bench.apply(intent, intent, 1)).toEqual(ok(1));
      for (const intent of intents) expect(await bench.drift(intent)).toEqual([]);
    },
  },
  {
    name: "takes away what a changed service no longer has, and nothing else",
    check: async (bench) => {
      for (const intent of [bench.router, bench.segment]) await bench.apply(intent);
      const from = serviceIntent({ scope: bench.machine.scope });
      const to = { ...from, backends: from.backends.slice(1), ports: from.ports.slice(0, 1) };
      await bench.apply(from);
      expect(await bench.apply(to, from, 1)).toEqual(ok(2));
      expect(await bench.drift(to)).toEqual([]);
      expect([...(await chainsOf(bench))].sort()).toEqual([
        "svc-5000-front-tcp-80",
        "svc-5000-front-tcp-80-10.20.1.6",
        "svc-5000-front-tcp-80-10.20.9.9",
      ]);
    },
  },
  {
    name: "lays the way of services' packets for a segment that comes after them",
    check: async (bench) => {
      await bench.apply(bench.router);
      const without = { ...other(bench), backends: [] };
      expect(await bench.apply(without)).toEqual(ok(1));
      expect(await servedBridges(bench)).toEqual([]);
      await bench.apply(bench.segment);
      expect(await servedBridges(bench)).toEqual(["sdn-b-5001"]);
      expect([...(await bench.drift(without)), ...(await bench.drift(bench.segment))]).toEqual([]);
    },
  },
  {
    name: "keeps what two services share until the last of them goes, and then nothing is left",
    check: async (bench) => {
      for (const intent of [bench.router, bench.segment]) await bench.apply(intent);
      const [one, two] = [{ ...front(bench), ipv6: undefined, pools: ["198.18.0.0/15"] }, other(bench)];
      await bench.apply(one);
      await bench.apply(two);
      await bench.remove(one);
      expect(await bench.drift(two)).toEqual([]);
      expect(await servedBridges(bench)).toEqual(["sdn-b-5001"]);
      await bench.remove(two);
      expect(await servedBridges(bench)).toEqual([]);
      expect(await chainsOf(bench)).toEqual([]);
      expect(await bench.drift(bench.segment)).toEqual([]);
    },
  },
  {
    name: "has no way for packets where entries have names alone, and takes it up though such a one stays",
    check: async (bench) => {
      const headless = { ...other(bench), name: "names", label: "names", ipv4: undefined, ports: [] };
      await bench.apply(bench.router);
      expect(await bench.apply(headless)).toEqual(ok(1));
      await bench.apply(bench.segment);
      expect(await servedBridges(bench)).toEqual([]);
      await bench.apply(other(bench));
      expect(await servedBridges(bench)).toEqual(["sdn-b-5001"]);
      await bench.remove(other(bench));
      expect(await servedBridges(bench)).toEqual([]);
      expect(await bench.drift(headless)).toEqual([]);
    },
  },
  {
    name: "refuses a service whose address and port another one has, and changes nothing",
    check: async (bench) => {
      for (const intent of [bench.router, bench.segment]) await bench.apply(intent);
      await bench.apply(other(bench));
      const rival = { ...other(bench), name: "rival", label: "rival" };
      expect(await bench.apply(rival)).toMatchObject({ ok: false });
      expect((await chainsOf(bench)).filter((name) => name.includes("rival"))).toEqual([]);
      expect(await bench.drift(other(bench))).toEqual([]);
    },
  },
  {
    name: "makes services again after a start",
    check: async (bench) => {
      const intents = [bench.router, bench.segment, other(bench)];
      for (const intent of intents) await bench.apply(intent);
      await bench.machine.restart();
      await bench.again("restore");
      for (const intent of intents) expect(await bench.drift(intent)).toEqual([]);
    },
  },
];
