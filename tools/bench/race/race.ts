/** The race: our provider, Ansible, Ansible with mitogen, and bare SSH make the same networks on the same hosts. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lab } from "../../../tests/lab/harness/lab";
import { execute, startLab } from "../../../tests/lab/harness/lab";
import { Stack } from "../../../tests/lab/harness/stack";
import { Ansible } from "./ansible";
import type { HostJob } from "./job";
import { difference, recordedJob } from "./job";
import { raceProgram } from "./program";
import { lookCommands, straightCommands } from "./straight";
import { firstDifference, kernelState, wipeHosts } from "./witness";

export const disciplines = ["fresh", "unchanged", "look", "more"] as const;
export type Discipline = (typeof disciplines)[number];
export const names = ["sdn", "ansible", "mitogen", "ssh"] as const;
export type Name = (typeof names)[number];
/** Milliseconds, a value a round. */
export type Times = Readonly<Record<Name, Readonly<Record<Discipline, number[]>>>>;

/** What each does in turn. `begin` and `end` are not timed. */
interface Contender {
  begin(): Promise<void>;
  run(discipline: Discipline): Promise<void>;
  end(): Promise<void>;
}

export interface RaceOptions {
  readonly hosts: number;
  readonly subnets: number;
  readonly rounds: number;
  readonly say: (line: string) => void;
}

export async function race(options: RaceOptions): Promise<Times> {
  const { say } = options;
  const programs = execFileSync(join(__dirname, "..", "peers"), { encoding: "utf8" }).trim();
  const folder = mkdtempSync(join(tmpdir(), "sdn-race-"));
  const lab = await startLab({ hosts: options.hosts, form: "light", dockerd: false });
  const ansibles: Ansible[] = [];
  try {
    say(`race: ${options.hosts} hosts, ${options.subnets} subnets, ${options.rounds} rounds`);
    const track = await measureTrack(lab, options.subnets);
    for (const mitogen of [false, true]) {
      const place = join(folder, mitogen ? "m" : "a");
      ansibles.push(await Ansible.create(place, programs, lab.hosts, mitogen));
    }
    const [ansible, mitogen] = ansibles as [Ansible, Ansible];
    const contenders: Readonly<Record<Name, Contender>> = {
      sdn: ours(lab, options.subnets),
      ansible: playing(ansible, track),
      mitogen: playing(mitogen, track),
      ssh: bare(lab, track, folder),
    };
    return await runRounds(lab, track, contenders, options);
  } finally {
    for (const one of ansibles) await one.close();
    await lab.down();
    rmSync(folder, { recursive: true });
  }
}

/** What is to be made, and how the hosts look then. */
interface Track {
  readonly job: readonly HostJob[];
  readonly larger: readonly HostJob[];
  readonly made: readonly string[];
  readonly madeLarger: readonly string[];
}

/** One untimed run of ours tells what there is to do; it also fills the caches of files. */
async function measureTrack(lab: Lab, subnets: number): Promise<Track> {
  const states = (): Promise<readonly string[]> => Promise.all(lab.hosts.map(kernelState));
  const stack = await Stack.create(raceProgram(lab.hosts, subnets));
  try {
    await stack.up("--parallel", "64");
    const [job, made] = [await recordedJob(lab.hosts), await states()];
    await stack.write(raceProgram(lab.hosts, subnets + 1));
    await stack.up("--parallel", "64");
    return { job, made, larger: await recordedJob(lab.hosts), madeLarger: await states() };
  } finally {
    await stack.remove();
    await wipeHosts(lab.hosts);
  }
}

async function runRounds(
  lab: Lab,
  track: Track,
  contenders: Readonly<Record<Name, Contender>>,
  { rounds, say }: RaceOptions,
): Promise<Times> {
  const empty = (): Record<Discipline, number[]> => ({ fresh: [], unchanged: [], look: [], more: [] });
  const times = { sdn: empty(), ansible: empty(), mitogen: empty(), ssh: empty() };
  for (let round = 0; round < rounds; round += 1) {
    // Each begins a round once in a while.
    for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      const contender = contenders[name];
      await contender.begin();
      for (const discipline of disciplines) {
        const begun = performance.now();
        await contender.run(discipline);
        times[name][discipline].push(performance.now() - begun);
        await mustShow(lab, discipline === "more" ? track.madeLarger : track.made, `${name}, ${discipline}`);
      }
      await contender.end();
      await wipeHosts(lab.hosts);
      const last = disciplines.map((one) => `${one} ${((times[name][one].at(-1) ?? 0) / 1000).toFixed(1)} s`);
      say(`  round ${round + 1}, ${name}: ${last.join(", ")}`);
    }
  }
  return times;
}

/** Everybody ends with the same kernel state, or the race is off. */
async function mustShow(lab: Lab, wanted: readonly string[], who: string): Promise<void> {
  const states = await Promise.all(lab.hosts.map(kernelState));
  for (const [at, state] of states.entries()) {
    const found = firstDifference(wanted[at] ?? "", state);
    if (found !== undefined) throw new Error(`after ${who}, host ${lab.hosts[at]?.name ?? ""} differs:\n${found}`);
  }
}

function ours(lab: Lab, subnets: number): Contender {
  let stack: Stack;
  return {
    begin: async () => {
      stack = await Stack.create(raceProgram(lab.hosts, subnets));
    },
    run: async (discipline) => {
      switch (discipline) {
        case "fresh":
          await stack.up("--parallel", "64");
          return;
        case "unchanged": {
          const { code, stdout } = await stack.preview("--expect-no-changes");
          if (code !== 0) throw new Error(`the preview found changes:\n${stdout}`);
          return;
        }
        case "look":
          await stack.must(["refresh", "--yes", "--skip-preview", "--parallel", "64"]);
          return;
        case "more":
          await stack.write(raceProgram(lab.hosts, subnets + 1));
          await stack.up("--parallel", "64");
      }
    },
    end: () => stack.remove(),
  };
}

function playing(ansible: Ansible, track: Track): Contender {
  const inventory = ansible.inventory("job", track.job);
  const larger = ansible.inventory("larger", track.larger);
  const unchanged = async (...more: readonly string[]): Promise<void> => {
    const { changed } = await ansible.play(inventory, ...more);
    if (changed) throw new Error("the playbook changed something where nothing was to be changed");
  };
  return {
    begin: () => Promise.resolve(),
    run: async (discipline) => {
      switch (discipline) {
        case "fresh":
          await ansible.play(inventory);
          return;
        case "unchanged":
          return unchanged();
        case "look":
          return unchanged("--check", "--diff");
        case "more":
          await ansible.play(larger);
      }
    },
    end: () => ansible.close(),
  };
}

function bare(lab: Lab, track: Track, folder: string): Contender {
  const knownHosts = join(folder, "known_hosts");
  writeFileSync(knownHosts, lab.hosts.map(({ address, hostKey }) => `${address} ${hostKey}\n`).join(""));
  const everywhere = async (jobs: readonly HostJob[], commands: (job: HostJob) => readonly string[]): Promise<void> => {
    await Promise.all(
      jobs.map(async (job) => {
        const { address, port, user, privateKeyPath, name } = job.host;
        const options = [
          "-o",
          `UserKnownHostsFile=${knownHosts}`,
          "-o",
          "StrictHostKeyChecking=yes",
          "-o",
          "ControlMaster=no",
        ];
        const words = ["-F", "none", "-i", privateKeyPath, ...options, "-p", String(port), `${user}@${address}`, "sh"];
        const result = await execute("ssh", words, { stdin: `set -e\n${commands(job).join("\n")}\n` });
        if (result.code !== 0) throw new Error(`ssh to ${name} failed:\n${result.stderr}`);
      }),
    );
  };
  const routersOf = ({ steps }: HostJob): readonly string[] =>
    steps.flatMap((step) => (step.kind === "namespace" ? [step.name] : []));
  return {
    begin: () => Promise.resolve(),
    run: (discipline) => {
      switch (discipline) {
        case "fresh":
          return everywhere(track.job, ({ steps }) => straightCommands(steps));
        case "unchanged":
        case "look":
          return everywhere(track.job, (job) => lookCommands(routersOf(job)));
        case "more":
          return everywhere(difference(track.larger, track.job), ({ steps }) => straightCommands(steps));
      }
    },
    end: () => Promise.resolve(),
  };
}
