/**
 * How quickly the plugin is ready and how much memory it takes then, beside the provider server of Pulumi's own SDK with
 * an empty provider, turn by turn.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { markdownTable, median } from "./numbers";

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

const peerProgram = `
const provider = require(${JSON.stringify(join(root, "node_modules/@pulumi/pulumi/provider"))});
provider.main({ version: "0.0.1", schema: "{}" }, ["127.0.0.1:1"]);
`;

export interface Startup {
  readonly table: string;
  readonly kept: boolean;
}

export async function measureStartup(): Promise<Startup> {
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
  return report(samples);
}

function report(samples: Readonly<Record<"ours" | "peer", readonly Sample[]>>): Startup {
  const row = (what: string, unit: string, limit: number, of: (sample: Sample) => number): readonly string[] => {
    const [ours, peer] = [median(samples.ours.map(of)), median(samples.peer.map(of))];
    return [
      what,
      `${ours.toFixed(0)} ${unit}`,
      `${peer.toFixed(0)} ${unit}`,
      (ours / peer).toFixed(2),
      `${limit} ${unit}`,
      ours <= limit ? "yes" : "NO",
    ];
  };
  const rows = [
    row("ready (port line)", "ms", budget.milliseconds, (sample) => sample.milliseconds),
    row("peak memory when ready", "MiB", budget.mebibytes, (sample) => sample.mebibytes),
  ];
  const table = markdownTable([`median of ${rounds} starts`, "sdn", "SDK's server", "ratio", "budget", "kept"], rows);
  return { table, kept: rows.every((cells) => cells.at(-1) === "yes") };
}
