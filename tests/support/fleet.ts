/** Hosts and a Pulumi state that can be put back, so that one run can be disturbed at one place after another. */
import type { Program, Stored } from "./engine";
import { Engine } from "./engine";
import { isAsRecorded } from "./model-host/firewall";
import { listingOf } from "./model-host/firewall-table";
import { copyOf } from "./model-host/state";
import type { ModelFirewall, ModelRecord, ModelState } from "./model-host/state";
import type { ModelHost, ModelOptions } from "./model-host";
import { modelOf, World } from "./world";
import type { Script } from "../../provider/src/targets/fake-target";
import { lostError } from "../../provider/src/targets/ssh-errors";

export type Fault =
  | "connection cut before it"
  | "connection cut after its start"
  | "connection cut before its reply"
  | "plugin killed before it"
  | "plugin killed when it was sent"
  | "disk full";

export const faults: readonly Fault[] = [
  "connection cut before it",
  "connection cut after its start",
  "connection cut before its reply",
  "plugin killed before it",
  "plugin killed when it was sent",
  "disk full",
];

/** A fault at the k-th execution (from 1) on one host in a run. */
export interface Disturbance {
  readonly fault: Fault;
  readonly host: number;
  readonly k: number;
}

export interface Scene {
  readonly hosts: readonly ModelState[];
  readonly state: ReadonlyMap<string, Stored>;
}

export interface Outcome {
  readonly error: Error | undefined;
  /** What the plugin ran on each host. */
  readonly executions: readonly number[];
  readonly warnings: readonly string[];
}

export class Fleet {
  readonly models: readonly ModelHost[];
  state: ReadonlyMap<string, Stored> = new Map();

  constructor(private readonly options: readonly ModelOptions[]) {
    this.models = options.map(modelOf);
  }

  get scene(): Scene {
    return { hosts: this.models.map((model) => model.contents), state: this.state };
  }

  set scene({ hosts, state }: Scene) {
    hosts.forEach((host, index) => this.models[index]?.become(host));
    this.state = state;
  }

  /** So long that what was armed by a run that was cut off is taken back. */
  passTime(seconds: number): void {
    for (const model of this.models) model.passTime(seconds);
  }

  up(program: (world: World) => Program, disturbance?: Disturbance): Promise<Outcome> {
    return this.run(async (engine, world) => (await engine.up(program(world))).call.warnings, disturbance);
  }

  refresh(): Promise<Outcome> {
    return this.run(async (engine) => (await engine.refresh()).warnings);
  }

  /** A command of Pulumi: a plugin of its own, and what it leaves of the state. */
  private async run(
    command: (engine: Engine, world: World) => Promise<readonly string[]>,
    disturbance?: Disturbance,
  ): Promise<Outcome> {
    const plugin = new Plugin(disturbance, () => this.state);
    const world = new World(this.options, (model, index) => plugin.script(model, index), this.models);
    const engine = new Engine(world.handlers, "shop", "dev", this.state);
    plugin.stateOf = () => new Map(engine.state);
    const target = world.hosts[disturbance?.host ?? 0]?.target;
    if (disturbance?.fault === "connection cut before it") target?.failBefore(disturbance.k);
    if (disturbance?.fault === "connection cut after its start") target?.failAfterStart(disturbance.k);
    if (disturbance?.fault === "connection cut before its reply") target?.failBeforeReply(disturbance.k);
    let error: Error | undefined;
    let warnings: readonly string[] = [];
    try {
      warnings = await command(engine, world);
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown;
      error = thrown;
    }
    await engine.settled();
    for (const model of this.models) model.diskFull = false;
    this.state = plugin.stateAtDeath ?? new Map(engine.state);
    return { error, executions: world.hosts.map((host) => host.target.executions), warnings };
  }
}

/** The provider's process: it may die, and then Pulumi keeps what it knew at that moment. */
class Plugin {
  stateAtDeath: ReadonlyMap<string, Stored> | undefined;
  stateOf: () => ReadonlyMap<string, Stored>;
  private died: number | undefined;

  constructor(
    private readonly disturbance: Disturbance | undefined,
    state: () => ReadonlyMap<string, Stored>,
  ) {
    this.stateOf = state;
  }

  script(model: ModelHost, index: number): Script {
    let count = 0;
    return (program, stdin, context) => {
      count += 1;
      const { fault, host, k } = this.disturbance ?? {};
      if (host === index && count === k) {
        if (fault === "disk full") model.diskFull = true;
        if (fault?.startsWith("plugin killed") === true) this.die();
      }
      if (this.died === undefined) return model.script(program, stdin, context);
      // What was sent together with it arrives, and is done though nobody listens any more.
      if (fault === "plugin killed when it was sent" && this.died === performance.now()) model.run(stdin);
      throw lostError("fake:");
    };
  }

  private die(): void {
    this.died = performance.now();
    this.stateAtDeath = this.stateOf();
  }
}

/**
 * All that must be the same after a run that was disturbed and mended, as text. Generations only tell runs apart, as the
 * moments do in which something was written, and a host may say that it took back what nobody proved.
 */
export function sceneText({ hosts, state }: Scene): string {
  const resources = [...state.values()].map(({ outputs: { generation: _, hits: _hits, ...outputs }, ...rest }) => {
    const { events } = outputs;
    const lasting = Array.isArray(events) ? { events: (events as { readonly kind: string }[]).filter(lasts) } : {};
    return { ...rest, outputs: { ...outputs, ...lasting } };
  });
  const machines = hosts.map(({ ledger, firewall, events, ...host }) => {
    const records = [...copyOf(ledger)].map(([key, { generation: _, ...entry }]): [string, unknown] => [
      key,
      key === "firewall" ? timeless(entry) : entry,
    ]);
    return {
      ...host,
      ledger: new Map(records),
      firewall: shown(firewall),
      events: events.filter(lasts),
    };
  });
  const sorted = resources.sort((one, other) => (one.urn < other.urn ? -1 : 1));
  return JSON.stringify(sortedValue({ machines, resources: sorted }), undefined, 1);
}

const lasts = ({ kind }: { readonly kind: string }): boolean => kind !== "rolled-back";

/** A host's firewall, however its table came to be what it is, since when it counts, and when it was looked at last. */
function shown(firewall: ModelFirewall): unknown {
  const { clock: _clock, hits: _hits, canFollow: _canFollow, tables, picture, ...rest } = firewall;
  const seen = picture && { json: picture.json, guarded: picture.guarded, same: isAsRecorded(firewall, picture.json) };
  return {
    ...rest,
    picture: seen,
    tables: new Map([...tables].map(([name, commands]) => [name, listingOf(commands)])),
  };
}

function timeless({ hash: _, intent, ...rest }: Omit<ModelRecord, "generation">): unknown {
  const drop = (key: string, value: unknown): unknown => (key === "generation" || key === "now" ? undefined : value);
  return { ...rest, document: JSON.parse(JSON.stringify(JSON.parse(atob(intent)), drop)) as unknown };
}

function sortedValue(value: unknown): unknown {
  if (value instanceof Set) return [...(value as Set<unknown>)].sort();
  if (Array.isArray(value)) return (value as readonly unknown[]).map(sortedValue);
  if (typeof value !== "object" || value === null) return value;
  const entries = value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, one]): [string, unknown] => [key, sortedValue(one)]).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
