/** How time, memory, state and visits grow with the number of hosts. The hosts are models, the protocol is real. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleProgram } from "../../bundle.js";
import type { Visits } from "./fleet";
import { Fleet } from "./fleet";
import type { FleetRun } from "./fleet-engine";
import { FleetEngine } from "./fleet-engine";
import type { Usage } from "./plugin-process";
import { PluginProcess } from "./plugin-process";

export const phases = ["fresh", "unchanged", "refresh", "more"] as const;
export type Phase = (typeof phases)[number];

export interface PhaseResult extends Usage {
  readonly wall: number;
  readonly visits: Visits;
}

export interface GrowthResult {
  readonly hosts: number;
  readonly phases: Readonly<Record<Phase, PhaseResult>>;
  /** State after `fresh`: bytes of all of it, of the largest and the mean entry that a host has each, and of the largest other. */
  readonly state: {
    readonly total: number;
    readonly largest: number;
    readonly mean: number;
    readonly largestOther: number;
  };
}

export interface GrowthOptions {
  readonly sizes: readonly number[];
  readonly subnets: number;
  readonly say: (line: string) => void;
}

export async function growth(options: GrowthOptions, plugin: string): Promise<readonly GrowthResult[]> {
  const results: GrowthResult[] = [];
  options.say(`growth: ${options.subnets} subnets on ${options.sizes.join(", ")} modelled hosts`);
  for (const size of options.sizes) results.push(await measure(size, options, plugin));
  return results;
}

/** Builds the plugin for modelled hosts into a folder that is there as long as `work` goes on. */
export async function withFleetPlugin<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "sdn-growth-"));
  try {
    const entry = join(__dirname, "fleet-plugin.ts");
    bundleProgram({ entry, folder, launcher: "pulumi-resource-sdn", bundle: "provider.js" });
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(size: number, { subnets, say }: GrowthOptions, folder: string): Promise<GrowthResult> {
  const fleet = new Fleet(size, join(folder, "fleet"));
  await fleet.open();
  const engine = new FleetEngine();
  const during = async (what: Phase, work: (port: number) => Promise<void>): Promise<PhaseResult> => {
    const plugin = await PluginProcess.start(join(folder, "pulumi-resource-sdn"), fleet.socket);
    const before = plugin.usage().milliseconds;
    const begun = performance.now();
    try {
      await work(plugin.port);
      const wall = performance.now() - begun;
      const { milliseconds, mebibytes } = plugin.usage();
      const result = { wall, milliseconds: milliseconds - before, mebibytes, visits: fleet.takeVisits() };
      say(
        `  ${size} hosts, ${what}: ${(wall / 1000).toFixed(1)} s, plugin ${(result.milliseconds / 1000).toFixed(1)} s of ` +
          `processor and ${mebibytes.toFixed(0)} MiB, ${result.visits.least}–${result.visits.most} visits a host`,
      );
      return result;
    } finally {
      await plugin.end();
    }
  };
  try {
    const fresh = await during("fresh", (port) => engine.run(port, false, programOf(fleet, subnets)));
    const state = stateOf(engine);
    const unchanged = await during("unchanged", (port) => engine.run(port, true, programOf(fleet, subnets)));
    if (engine.changes > 0) throw new Error(`a preview without changes showed ${engine.changes}`);
    const refresh = await during("refresh", (port) => engine.refresh(port));
    const more = await during("more", (port) => engine.run(port, false, programOf(fleet, subnets + 1)));
    return { hosts: size, phases: { fresh, unchanged, refresh, more }, state };
  } finally {
    fleet.close();
  }
}

function stateOf(engine: FleetEngine): GrowthResult["state"] {
  const { perHost, others } = engine.stateBytes();
  const sum = (values: readonly number[]): number => values.reduce((one, other) => one + other, 0);
  const largest = (values: readonly number[]): number => values.reduce((one, other) => Math.max(one, other), 0);
  return {
    total: sum(perHost) + sum(others),
    mean: sum(perHost) / perHost.length,
    largest: largest(perHost),
    largestOther: largest(others),
  };
}

function programOf(fleet: Fleet, subnets: number): (run: FleetRun) => Promise<void> {
  return async (run) => {
    const hosts = await Promise.all(
      fleet.hosts.map(({ name, address }) => run.custom("sdn:index:Host", name, { ssh: { address } })),
    );
    const fabric = await run.component("sdn:index:Fabric", "fabric", { hosts });
    const network = await run.component("sdn:index:VirtualNetwork", "net", {
      fabric,
      cidr: "10.0.0.0/8",
      egress: "nat",
    });
    const names = Array.from({ length: subnets }, (_, at) => at + 1);
    await Promise.all(
      names.map((at) =>
        run.component("sdn:index:Subnet", `s${at}`, { network, cidr: `10.${at}.0.0/16`, hostRangePrefixLength: 28 }),
      ),
    );
  };
}
