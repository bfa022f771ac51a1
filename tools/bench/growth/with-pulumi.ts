/** The same fleet with Pulumi's own engine and language host: how much of a run is the engine's. */
import { join } from "node:path";
import type { YamlResource } from "../../../tests/lab/harness/stack";
import { Stack } from "../../../tests/lab/harness/stack";
import type { Visits } from "./fleet";
import { Fleet } from "./fleet";
import { networkProgram } from "../race/program";

export const commands = ["up", "preview", "refresh"] as const;
export type Command = (typeof commands)[number];

export interface PulumiResult {
  readonly hosts: number;
  readonly resources: number;
  readonly commands: Readonly<Record<Command, { readonly wall: number; readonly visits: Visits }>>;
}

export async function withPulumi(
  sizes: readonly number[],
  subnets: number,
  plugin: string,
  say: (line: string) => void,
): Promise<readonly PulumiResult[]> {
  say(`with Pulumi's engine: ${subnets} subnets on ${sizes.join(", ")} modelled hosts`);
  const results: PulumiResult[] = [];
  for (const size of sizes) results.push(await measure(size, subnets, plugin, say));
  return results;
}

async function measure(
  size: number,
  subnets: number,
  plugin: string,
  say: (line: string) => void,
): Promise<PulumiResult> {
  const fleet = new Fleet(size, join(plugin, "fleet"));
  await fleet.open();
  process.env["SDN_FLEET"] = fleet.socket;
  const stack = await Stack.create(programOf(fleet, subnets), plugin);
  const timed = async (what: Command, work: () => Promise<unknown>): Promise<PulumiResult["commands"][Command]> => {
    const begun = performance.now();
    await work();
    const result = { wall: performance.now() - begun, visits: fleet.takeVisits() };
    const { least, most } = result.visits;
    say(`  ${size} hosts, ${what}: ${(result.wall / 1000).toFixed(1)} s, ${least}–${most} visits a host`);
    return result;
  };
  const many = ["--parallel", "1000"];
  try {
    const up = await timed("up", () => stack.up(...many));
    const preview = await timed("preview", async () => {
      const { code, stdout } = await stack.preview("--expect-no-changes", ...many);
      if (code !== 0) throw new Error(`a preview without changes showed some:\n${stdout}`);
    });
    const refresh = await timed("refresh", () => stack.must(["refresh", "--yes", "--skip-preview", ...many]));
    const { deployment } = JSON.parse(await stack.exported()) as { deployment: { resources: unknown[] } };
    return { hosts: size, resources: deployment.resources.length, commands: { up, preview, refresh } };
  } finally {
    fleet.close();
    await stack.remove();
  }
}

function programOf(fleet: Fleet, subnets: number): ReturnType<typeof networkProgram> {
  const hosts = fleet.hosts.map(({ name, address }): [string, YamlResource] => [
    name,
    { type: "sdn:Host", properties: { ssh: { address } } },
  ]);
  return networkProgram(Object.fromEntries(hosts), subnets);
}
