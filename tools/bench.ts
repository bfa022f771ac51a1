/**
 * `make bench`: how quickly the plugin is ready and how much memory it takes then, beside the provider server of
 * Pulumi's own SDK with an empty provider, in one run, turn by turn. Figures are of this machine; the ratios are what
 * can be compared.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = process.cwd();
const rounds = 15;
const budget = { milliseconds: 400, mebibytes: 90 };

interface Sample {
  readonly milliseconds: number;
  readonly mebibytes: number;
}

/** From the start of the process to its line with the port, and its peak memory at that moment. */
function startOnce(command: readonly [string, ...string[]]): Promise<Sample> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const [program, ...args] = command;
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    const limit = setTimeout(() => child.kill("SIGKILL"), 30_000);
    child.once("error", reject);
    const ended = (code: number | null): void => {
      reject(new Error(`${command.join(" ")} ended with ${String(code)} before it was ready`));
    };
    child.once("exit", ended);
    child.stdout.once("data", () => {
      const milliseconds = performance.now() - begun;
      const status = readFileSync(`/proc/${String(child.pid)}/status`, "utf8");
      const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]);
      clearTimeout(limit);
      child.off("exit", ended);
      child.once("exit", () => {
        resolve({ milliseconds, mebibytes: peak / 1024 });
      });
      child.kill("SIGKILL");
    });
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const peerProgram = `
const provider = require(${JSON.stringify(join(root, "node_modules/@pulumi/pulumi/provider"))});
provider.main({ version: "0.0.1", schema: "{}" }, ["127.0.0.1:1"]);
`;

async function main(): Promise<void> {
  const plugin = join(root, "bin", "pulumi-resource-sdn");
  if (!existsSync(plugin)) throw new Error("bin/pulumi-resource-sdn is missing: run make build");
  const folder = mkdtempSync(join(tmpdir(), "sdn-bench-"));
  const peer = join(folder, "peer.js");
  writeFileSync(peer, peerProgram);
  const commands = {
    ours: [plugin, "127.0.0.1:1"],
    peer: [process.execPath, peer],
  } as const satisfies Record<string, readonly [string, ...string[]]>;
  const samples: Record<keyof typeof commands, Sample[]> = { ours: [], peer: [] };
  try {
    for (let round = 0; round <= rounds; round += 1) {
      for (const name of ["ours", "peer"] as const) {
        const sample = await startOnce(commands[name]);
        // The first round fills the file cache.
        if (round > 0) samples[name].push(sample);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  report(samples);
}

function report(samples: Readonly<Record<"ours" | "peer", readonly Sample[]>>): void {
  const time = (name: "ours" | "peer"): number => median(samples[name].map((sample) => sample.milliseconds));
  const memory = (name: "ours" | "peer"): number => median(samples[name].map((sample) => sample.mebibytes));
  const row = (what: string, unit: string, of: (name: "ours" | "peer") => number): string =>
    `${what.padEnd(24)} ${of("ours").toFixed(0).padStart(6)} ${unit} ${of("peer").toFixed(0).padStart(6)} ${unit}   ${(of("ours") / of("peer")).toFixed(2)}`;
  console.log(`median of ${String(rounds)} starts        sdn        SDK's server   ratio`);
  console.log(row("ready (port line)", "ms ", time));
  console.log(row("peak memory when ready", "MiB", memory));
  const slow = time("ours") > budget.milliseconds;
  const large = memory("ours") > budget.mebibytes;
  console.log(
    `budget: ${String(budget.milliseconds)} ms ${slow ? "EXCEEDED" : "kept"}, ${String(budget.mebibytes)} MiB ${large ? "EXCEEDED" : "kept"}`,
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
