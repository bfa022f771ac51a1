/**
 * The firewall on one host: policies of many rules compiled, loaded, changed by one rule and asked by packets, beside no
 * rules at all and the same rules as linear lists. Everything is in network namespaces of its own; needs root.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Compiling } from "./compiling";
import type { Figures } from "./figures";
import { overSsh } from "./over-ssh";
import { packets } from "./packets";

export interface FirewallOptions {
  readonly sizes: readonly number[];
  readonly rounds: number;
  /** Connections of one turn. */
  readonly count: number;
  readonly streamSeconds: number;
  readonly say: (line: string) => void;
}

export async function firewall(options: FirewallOptions): Promise<Figures> {
  const { sizes, rounds, say } = options;
  say(`firewall: ${sizes.join(", ")} rules, ${rounds} rounds`);
  const compiling = sizes.map((size) => [size, compile(size, rounds)] as const);
  say("  compiled");
  const changes = await overSsh(options);
  const courses = await packets(options);
  return {
    sizes,
    compiling: new Map(compiling),
    overSsh: new Map(changes.map((change) => [change.size, change])),
    courses,
  };
}

/** In a process of its own, which has compiled nothing before and whose memory is that of one policy. */
function compile(size: number, rounds: number): Compiling {
  const runner = join(__dirname, "..", "..", "run-ts.js");
  const args = [runner, join(__dirname, "compiling.ts"), String(size), String(rounds)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Compiling;
}
