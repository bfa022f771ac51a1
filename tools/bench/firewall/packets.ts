/** Real packets through each of the contenders, by turns: how fast flows open and go on, and what the rules cost to load. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, type Contender, contenders, isThere, type Recipe, recipeOf } from "./contenders";
import { kernelMemory, peakOf } from "./memory";
import { ports } from "./policy";
import { timed } from "./timed";
import { Wire } from "./wire";

export interface Turn {
  /** A second. */
  readonly connects: number;
  readonly datagrams: number;
  /** Bytes a second of one open flow. */
  readonly stream: number;
  /** Milliseconds, the start of the process included. */
  readonly load: number;
  readonly change: number;
  /** MiB that the kernel had more after loading. */
  readonly kernel: number;
}

/** Of one contender with so many rules. */
export interface Course {
  readonly contender: Contender;
  readonly size: number;
  /** MiB of the program that loads the rules. */
  readonly loaderPeak: number;
  readonly turns: readonly Turn[];
}

export interface PacketOptions {
  readonly sizes: readonly number[];
  readonly rounds: number;
  /** Connections of one turn, at the most. */
  readonly count: number;
  /** Of one flow. */
  readonly streamSeconds: number;
  readonly say: (line: string) => void;
}

interface Lane {
  readonly contender: Contender;
  readonly size: number;
  readonly wire: Wire;
  readonly recipe: Recipe;
  readonly turns: Turn[];
  loaderPeak: number;
}

export async function packets(options: PacketOptions): Promise<readonly Course[]> {
  const { sizes, rounds, say } = options;
  const folder = mkdtempSync(join(tmpdir(), "sdn-firewall-"));
  const wires: Wire[] = [];
  try {
    const lanes: Lane[] = [];
    for (const contender of contenders.filter(isThere)) {
      const wire = await Wire.start();
      wires.push(wire);
      const run = (command: Command): string => wire.inHost(command);
      for (const size of sizes) {
        const recipe = recipeOf(contender, size, folder, run);
        lanes.push({ contender, size, wire, recipe, turns: [], loaderPeak: 0 });
      }
    }
    for (const lane of lanes) await tryOut(lane);
    for (let round = 0; round < rounds; round += 1) {
      const first = round % lanes.length;
      for (const lane of [...lanes.slice(first), ...lanes.slice(0, first)]) lane.turns.push(takeTurn(lane, options));
      say(`  packets, round ${round + 1} of ${rounds}`);
    }
    return lanes;
  } finally {
    for (const wire of wires) await wire.remove();
    rmSync(folder, { recursive: true });
  }
}

/** Untimed: fills caches, and shows that the rules are in force. */
async function tryOut(lane: Lane): Promise<void> {
  const { contender, size, wire, recipe } = lane;
  if (recipe.load !== undefined) lane.loaderPeak = await peakOf("ip", wire.hostWords(recipe.load));
  const [open, closed] = [wire.reaches(ports.count), wire.reaches(ports.closed)];
  if (!open || closed !== (contender === "none")) {
    throw new Error(`${contender} with ${size} rules: the open port is ${open}, the closed one ${closed}`);
  }
  clear(lane);
}

function takeTurn({ wire, recipe, ...lane }: Lane, { count, streamSeconds }: PacketOptions): Turn {
  const before = kernelMemory();
  const load = timedRun(wire, recipe.load);
  const kernel = kernelMemory() - before;
  wire.forget();
  const connects = wire.connects(count);
  const datagrams = wire.datagrams(count);
  const stream = wire.stream(streamSeconds);
  const change = timedRun(wire, recipe.change?.());
  clear({ wire, recipe, ...lane });
  return { connects, datagrams, stream, load, change, kernel };
}

function timedRun(wire: Wire, command: Command | undefined): number {
  return command === undefined ? 0 : timed(() => wire.inHost(command))[0];
}

function clear({ wire, recipe }: Lane): void {
  if (recipe.clear !== undefined) wire.inHost(recipe.clear);
}
