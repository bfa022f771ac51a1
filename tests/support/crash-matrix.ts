/**
 * Every execution of every run is disturbed in every way: after the next run the hosts and the state are those of a
 * run that nothing disturbed.
 */
import { difference } from "../contract/program/faults";
import { atOnce } from "./at-once";
import type { Program } from "./engine";
import { sceneText } from "./fleet";
import type { Disturbance, Fault, Fleet, Outcome, Scene } from "./fleet";
import type { World } from "./world";

export type ProgramOf = (world: World) => Program;

export interface Wave {
  readonly name: string;
  readonly program: ProgramOf;
}

interface Faultless {
  readonly before: Scene;
  readonly after: Scene;
  readonly executions: readonly number[];
}

interface Struck {
  readonly where: string;
  /** What there is after the disturbed run. */
  readonly scene: Scene;
}

/** What the host does not know whether it was done. (Of a plugin that is killed, only Pulumi's pending operations tell.) */
const uncertain = ["connection cut after its start", "connection cut before its reply"] as const;

/** What was armed waits a minute for its proof; before that, another run is refused. */
const secondsUntilProof = 61;

export class CrashMatrix {
  private readonly faultless = new Map<string, Faultless>();

  constructor(
    readonly fleet: Fleet,
    private readonly waves: readonly Wave[],
  ) {}

  /** The waves one after another, as nothing disturbs them. */
  async record(): Promise<void> {
    for (const { name, program } of this.waves) {
      const before = this.fleet.scene;
      const { error, executions } = await this.up(program);
      if (error !== undefined) throw error;
      this.faultless.set(name, { before, after: this.fleet.scene, executions });
    }
  }

  undisturbed(name: string): Faultless {
    const found = this.faultless.get(name);
    if (found === undefined) throw new Error(`no wave ${name}`);
    return found;
  }

  up(program: ProgramOf): Promise<Outcome> {
    return atOnce(this.fleet.up(program));
  }

  async refreshAndUp(program: ProgramOf): Promise<Outcome> {
    const refreshed = await atOnce(this.fleet.refresh());
    return refreshed.error === undefined ? this.up(program) : refreshed;
  }

  /** What is wrong after the wave, disturbed, and each way to mend it; and in how many places the fault did anything. */
  async mended({ name, program }: Wave, fault: Fault): Promise<{ readonly wrong: string; readonly struck: number }> {
    const { after } = this.undisturbed(name);
    const wrong: string[] = [];
    let struck = 0;
    for await (const { where, scene } of this.disturbed({ name, program }, fault)) {
      if (sceneText(scene) !== sceneText(after)) struck += 1;
      for (const mending of ["up", "refreshAndUp"] as const) {
        this.fleet.scene = scene;
        const found = this.wrongIn(await this[mending](program), after);
        if (found !== undefined) wrong.push(`${where}, ${mending}: ${found}`);
      }
    }
    return { wrong: wrong.join("\n"), struck };
  }

  /** What is left of the wave, cut off, by a refresh and an `up` of another program. */
  async leftBy(name: string, next: ProgramOf, wanted: Scene): Promise<string> {
    const wave = this.waves.find((one) => one.name === name);
    if (wave === undefined) throw new Error(`no wave ${name}`);
    const wrong: string[] = [];
    for (const fault of uncertain) {
      for await (const { where } of this.disturbed(wave, fault)) {
        const found = this.wrongIn(await this.refreshAndUp(next), wanted);
        if (found !== undefined) wrong.push(`${fault} at ${where}: ${found}`);
      }
    }
    return wrong.join("\n");
  }

  /** How the scene differs from what there should be, `undefined` where it does not. */
  wrongIn({ error }: Outcome, wanted: Scene): string | undefined {
    if (error !== undefined) return error.message;
    const [now, should] = [sceneText(this.fleet.scene), sceneText(wanted)];
    return now === should ? undefined : `\n${difference(should, now)}`;
  }

  /** The run, disturbed at each of its executions on each host in turn. */
  private async *disturbed({ name, program }: Wave, fault: Fault): AsyncGenerator<Struck> {
    const { before, executions } = this.undisturbed(name);
    for (const [host, count] of executions.entries()) {
      for (let k = 1; k <= count; k += 1) {
        const disturbance: Disturbance = { fault, host, k };
        this.fleet.scene = before;
        await atOnce(this.fleet.up(program, disturbance));
        this.fleet.passTime(secondsUntilProof);
        yield { where: `h${host + 1}, execution ${k}`, scene: this.fleet.scene };
      }
    }
  }
}
