/** The provider as a process: standard output, signals, the engine's end. */
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build } from "esbuild";

import { watchEngine } from "../../provider/src/rpc/engine-watch";
import { Secret } from "../../provider/src/rpc/value";
import { thing } from "./echo-handlers";
import { failureOf, startEngine, startPlugin } from "./fakes";
import { until } from "./until";

let folder: string;
let program: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sdn-protocol-"));
  program = join(folder, "main.js");
  await build({
    entryPoints: [join(__dirname, "echo-main.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    target: "node22",
    logLevel: "error",
  });
}, 60_000);

afterAll(() => rm(folder, { recursive: true }));

interface Provider {
  readonly port: number;
  readonly process: ChildProcessWithoutNullStreams;
  readonly output: { readonly stdout: string; readonly stderr: string };
}

async function startProcess(args: readonly string[]): Promise<Provider> {
  const child = spawn(process.execPath, [program, ...args]);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (text: Buffer) => (output.stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (output.stderr += text.toString()));
  await until(() => output.stdout.includes("\n") || child.exitCode !== null);
  return { port: Number(output.stdout), process: child, output };
}

test("standard output carries the port and nothing else, whatever a library prints", async () => {
  const provider = await startProcess([]);
  const plugin = await startPlugin({ port: provider.port });
  await plugin.create(thing, "a", { mode: "print" });
  await plugin.create(thing, "b", { mode: "log", text: new Secret("hunter2") });
  await failureOf(plugin.create(thing, "c", { mode: "defect", text: new Secret("hunter2") }));
  await plugin.close();
  const exit = once(provider.process, "exit");
  provider.process.kill("SIGTERM");
  expect(await exit).toEqual([0, null]);
  expect(provider.output.stdout).toBe(`${provider.port}\n`);
  expect(provider.output.stderr).toContain("printed by a library");
  expect(provider.output.stderr).not.toContain("hunter2");
  expect(JSON.stringify(plugin.engine.logs)).not.toContain("hunter2");
}, 30_000);

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s ends what is under way and the process, within 5 s",
  async (signal) => {
    const engine = await startEngine();
    const provider = await startProcess(["--logtostderr", "-v=9", engine.address]);
    const plugin = await startPlugin({ port: provider.port });
    const failing = failureOf(plugin.create(thing, "a", { mode: "wait" }));
    await plugin.create(thing, "b", {});
    const started = performance.now();
    const exit = once(provider.process, "exit");
    provider.process.kill(signal);
    expect((await failing).message).toContain("told the provider to stop");
    expect(await exit).toEqual([0, null]);
    expect(performance.now() - started).toBeLessThan(5000);
    await plugin.close();
    engine.close();
  },
  30_000,
);

test("a provider notices that its engine is gone, and not before", async () => {
  const engine = await startEngine();
  let gone = 0;
  let answered = 0;
  const watch = watchEngine(engine.address, () => (gone += 1), 20);
  const patient = setInterval(() => (answered += 1), 20);
  await until(() => answered > 10);
  clearInterval(patient);
  expect(gone).toBe(0);
  engine.close();
  await until(() => gone === 1);
  watch.stop();
});
