/** What the program does about names, on the real program and on the model. */
import type { ServiceIntent } from "../../../provider/src/compile/service/intent";
import { nameSteps } from "../../../provider/src/compile/service/names";
import { differencesOf } from "../../../provider/src/compile/steps";
import type { Fragment } from "../../../provider/src/render/instructions";
import { renderRequest } from "../../../provider/src/render/instructions";
import type { FragmentResult, Report } from "../../../provider/src/render/report";
import { parseReport } from "../../../provider/src/render/report";
import { entryOf, namesFragment, namesRequest, noNamesFragment, routerOf } from "../../support/services";
import type { Bench, Case } from "./program.contract";

interface Names {
  readonly web: ServiceIntent;
  readonly api: ServiceIntent;
  run(...fragments: readonly Fragment[]): Promise<readonly FragmentResult[]>;
  report(): Promise<Report["snapshot"]>;
  drift(intent: ServiceIntent): Promise<readonly string[]>;
}

function namesOf({ machine }: Bench): Names {
  const entry = (name: string, ipv4: string): ServiceIntent => ({ ...entryOf(name, { ipv4 }), scope: machine.scope });
  const [web, api] = [entry("web", "10.20.200.1"), entry("api", "10.20.200.2")];
  const ask = async (fragments: readonly Fragment[], about: readonly ServiceIntent[]): Promise<Report> =>
    parseReport(await machine.run(renderRequest(namesRequest(machine.scope, fragments, about))));
  const report = async (): Promise<Report["snapshot"]> => (await ask([], [web])).snapshot;
  return {
    web,
    api,
    run: async (...fragments) => [...(await ask(fragments, [])).results.values()],
    report,
    drift: async (intent) => {
      const snapshot = await report();
      return nameSteps(intent).flatMap((step) => differencesOf(step, snapshot));
    },
  };
}

const ok = (generation: number): FragmentResult => ({ ok: true, generation });

export const names: readonly Case[] = [
  {
    name: "makes the names of two entries and one server for both, and shows no drift of any",
    check: async (bench) => {
      const { web, api, run, drift, report } = namesOf(bench);
      await bench.apply(bench.router);
      expect(await run(namesFragment(web), namesFragment(api))).toEqual([ok(1), ok(1)]);
      expect([...(await drift(web)), ...(await drift(api))]).toEqual([]);
      const { dnsEntries, dnsServers } = await report();
      expect([...dnsServers]).toEqual([[routerOf(web), "serving"]]);
      expect([...(dnsEntries.get(routerOf(web))?.keys() ?? [])].sort()).toEqual(["api", "web"]);
    },
  },
  {
    name: "changes an entry, and takes its old names away",
    check: async (bench) => {
      const { web, run, drift } = namesOf(bench);
      await bench.apply(bench.router);
      await run(namesFragment(web));
      const to = { ...web, ipv4: undefined };
      expect((await drift(to)).length).toBe(1);
      expect(await run(namesFragment(to, web))).toEqual([ok(2)]);
      expect(await drift(to)).toEqual([]);
    },
  },
  {
    name: "keeps the server until the last entry goes, and then nothing of names",
    check: async (bench) => {
      const { web, api, run, drift, report } = namesOf(bench);
      await bench.apply(bench.router);
      await run(namesFragment(web), namesFragment(api));
      expect(await run(noNamesFragment(web))).toEqual([ok(0)]);
      expect(await drift(api)).toEqual([]);
      expect(await run(noNamesFragment(api))).toEqual([ok(0)]);
      const { dnsServers, dnsEntries, namespaces } = await report();
      expect([...dnsServers.values()]).toEqual(["missing"]);
      expect(dnsEntries.get(routerOf(web))?.size).toBe(0);
      const chains = namespaces.get(routerOf(web))?.tables.get("inet sdn")?.chains;
      expect([...(chains?.keys() ?? [])].filter((chain) => chain.startsWith("names"))).toEqual([]);
    },
  },
  {
    name: "finds a server that ended, and starts it by an up",
    check: async (bench) => {
      const { web, run, drift } = namesOf(bench);
      await bench.apply(bench.router);
      await run(namesFragment(web));
      await bench.machine.endServers(routerOf(web));
      expect(await drift(web)).toEqual([`the DNS server of ${routerOf(web)} does not run`]);
      expect(await run(namesFragment(web, web))).toEqual([ok(1)]);
      expect(await drift(web)).toEqual([]);
    },
  },
  {
    name: "answers again after a start of the host, and after its own look where the server ended",
    check: async (bench) => {
      const { web, run, drift } = namesOf(bench);
      await bench.apply(bench.router);
      await run(namesFragment(web));
      await bench.machine.restart();
      await bench.again("restore");
      expect(await drift(web)).toEqual([]);
      await bench.machine.endServers(routerOf(web));
      await bench.again("assert");
      expect(await drift(web)).toEqual([]);
    },
  },
];
