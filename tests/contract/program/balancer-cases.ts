/** What the host's program does with services that a process balances; for the real program and its model. */
import type { ServiceIntent } from "../../../provider/src/compile/service/intent";
import { balancedService, serviceIntent } from "../../support/intents";
import type { Bench, Case } from "./program.contract";

const ok = (generation: number): object => ({ ok: true, generation });

const front = ({ machine }: Bench): ServiceIntent => ({ ...balancedService(), scope: machine.scope });
const other = (bench: Bench): ServiceIntent => ({ ...front(bench), name: "api", label: "api", ipv4: "198.18.0.11" });

/** The virtual addresses that the router has. */
async function held({ report, machine }: Bench): Promise<readonly string[]> {
  const router = (await report([])).namespaces.get(`sdn-r-5000--${machine.scope}`);
  return (router?.links.get("lo")?.addresses ?? []).filter((one) => one.startsWith("198.18."));
}

export const balancers: readonly Case[] = [
  {
    name: "starts a process for a network's services, and shows no drift of any of them",
    check: async (bench) => {
      for (const intent of [bench.router, bench.segment]) await bench.apply(intent);
      for (const intent of [front(bench), other(bench)]) expect(await bench.apply(intent)).toEqual(ok(1));
      for (const intent of [front(bench), other(bench)]) expect(await bench.drift(intent)).toEqual([]);
      expect(await held(bench)).toEqual(["198.18.0.10/32", "198.18.0.11/32"]);
      expect(await bench.apply(front(bench), front(bench), 1)).toEqual(ok(1));
    },
  },
  {
    name: "changes backends and address of a service, and leaves the other service's as they are",
    check: async (bench) => {
      for (const intent of [bench.router, bench.segment, front(bench), other(bench)]) await bench.apply(intent);
      const to = { ...front(bench), ipv4: "198.18.0.12", backends: front(bench).backends.slice(1) };
      expect(await bench.apply(to, front(bench), 1)).toEqual(ok(2));
      for (const intent of [to, other(bench)]) expect(await bench.drift(intent)).toEqual([]);
      expect([...(await held(bench))].sort()).toEqual(["198.18.0.11/32", "198.18.0.12/32"]);
    },
  },
  {
    name: "goes from nftables to a process and to another one, and leaves nothing of the one before",
    check: async (bench) => {
      for (const intent of [bench.router, bench.segment]) await bench.apply(intent);
      const ports = front(bench).ports;
      const byNft = serviceIntent({ scope: bench.machine.scope, ports });
      const byNginx = {
        ...byNft,
        balancer: {
          driver: "nginx",
          balancing: "random",
          healthCheck: undefined,
          affinity: undefined,
          sendProxy: false,
        },
      } as const;
      await bench.apply(byNft);
      expect(await bench.apply(front(bench), byNft, 1)).toEqual(ok(2));
      expect(await bench.drift(front(bench))).toEqual([]);
      expect(await bench.apply(byNginx, front(bench), 2)).toEqual(ok(3));
      expect(await bench.drift(byNginx)).toEqual([]);
      expect(await bench.apply(byNft, byNginx, 3)).toEqual(ok(4));
      expect(await bench.drift(byNft)).toEqual([]);
      expect(await held(bench)).toEqual([]);
    },
  },
  {
    name: "keeps the process until the last service goes, and then nothing is left",
    check: async (bench) => {
      for (const intent of [bench.router, bench.segment, front(bench), other(bench)]) await bench.apply(intent);
      await bench.remove(front(bench));
      expect(await bench.drift(other(bench))).toEqual([]);
      expect(await held(bench)).toEqual(["198.18.0.11/32"]);
      await bench.remove(other(bench));
      expect(await held(bench)).toEqual([]);
      expect(await bench.drift(bench.segment)).toEqual([]);
      for (const intent of [bench.segment, bench.router]) await bench.remove(intent);
    },
  },
  {
    name: "starts the process again after a start of the host",
    check: async (bench) => {
      const intents = [bench.router, bench.segment, front(bench), other(bench)];
      for (const intent of intents) await bench.apply(intent);
      await bench.machine.restart();
      await bench.again("restore");
      for (const intent of intents) expect(await bench.drift(intent)).toEqual([]);
    },
  },
];
