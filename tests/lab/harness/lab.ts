/** A laboratory of real hosts for tests: a typed front of `lab/lab`. It goes with this process, however that ends. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { constants as osConstants } from "node:os";
import { join } from "node:path";

const LAB = join(__dirname, "..", "..", "..", "lab", "lab");

/** `full`: OS containers with systemd, sshd and dockerd. `light`: an init, sshd and, where asked, dockerd. */
export type LabForm = "full" | "light";

export interface LabOptions {
  /** How many hosts, named h1, h2 and so on. Default 3. */
  readonly hosts?: number;
  /** Default `full`. */
  readonly form?: LabForm;
  /** 1 to 16 of a–z and 0–9, a letter first. Default: a fresh one, so that labs never meet. */
  readonly name?: string;
  /** Whether each host has a Docker engine with the image `sdn-lab/box`. Default: in the full form. */
  readonly dockerd?: boolean;
}

export interface ExecResult {
  /** Exit status; 128 + the signal's number where a signal ended the command. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  /** Given to the command's standard input. Default: none. */
  readonly stdin?: string;
  /** Milliseconds until the command is ended and the promise rejects. Default 120,000. */
  readonly timeoutMs?: number;
}

/** How a host is reached, as in the lab's inventory file. */
export interface InventoryHost {
  readonly name: string;
  /** IPv4 and IPv6 address on the underlay. */
  readonly address: string;
  readonly address6: string;
  /** Of sshd. The user `operator` (password-less sudo) has the same key as `user`. */
  readonly port: number;
  readonly user: string;
  readonly privateKeyPath: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  /** Name of the host's network namespace on the machine. */
  readonly netns: string;
  readonly dockerd: boolean;
}

export interface Inventory {
  readonly name: string;
  readonly form: LabForm;
  readonly hosts: readonly InventoryHost[];
  /** Network namespace that holds the underlay bridge and the outside addresses. */
  readonly netns: string;
  readonly underlay4: string;
  readonly underlay6: string;
  /** Addresses of the machine that runs the tests on the underlay. */
  readonly machine4: string;
  readonly machine6: string;
  /** Addresses that hosts reach through their default routes. */
  readonly outside4: string;
  readonly outside6: string;
}

export interface LabHost extends InventoryHost {
  /** Runs a command as root, past sshd and firewall. A string is a shell command. */
  exec(command: readonly string[] | string, options?: ExecOptions): Promise<ExecResult>;
  /** Like `exec`, but rejects unless the command succeeds; resolves with its standard output, trimmed. */
  run(command: readonly string[] | string, options?: ExecOptions): Promise<string>;
  /** `docker` with these arguments; rejects unless it succeeds; resolves with its standard output, trimmed. */
  docker(args: readonly string[], options?: ExecOptions): Promise<string>;
  /** Reboots and waits until the host is ready again. */
  reboot(): Promise<void>;
  /** Cuts the power: nothing is written back, the link is gone. */
  stop(): Promise<void>;
  /** Starts a stopped host and waits until it is ready. */
  start(): Promise<void>;
}

export interface Lab extends Omit<Inventory, "hosts"> {
  readonly hosts: readonly LabHost[];
  /** The host of that name; throws for one that does not exist. */
  host(name: string): LabHost;
  /** Ends and removes everything of the lab. */
  down(): Promise<void>;
}

/** A lab name that no other run has. */
export function freshName(): string {
  return `t${randomBytes(5).toString("hex")}`;
}

/** Makes a lab and waits until all its hosts are ready. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const name = options.name ?? freshName();
  const form = options.form ?? "full";
  const dockerd = options.dockerd ?? form === "full";
  await lab(
    ["up", "--name", name, "--form", form, "--hosts", String(options.hosts ?? 3)],
    ["--dockerd", dockerd ? "yes" : "no", "--owner-pid", String(process.pid)],
  ).catch(async (error: unknown) => {
    await lab(["down", "--name", name]);
    throw error;
  });
  const inventory = JSON.parse(await readFile(`/run/sdn-lab/${name}/inventory.json`, "utf8")) as Inventory;
  const hosts = inventory.hosts.map((entry) => labHost(name, entry));
  return {
    ...inventory,
    hosts,
    host: (wanted) => {
      const found = hosts.find((host) => host.name === wanted);
      if (found === undefined) throw new Error(`lab ${name} has no host ${wanted}`);
      return found;
    },
    down: () => lab(["down", "--name", name]),
  };
}

/** What is left of a lab, one thing a line; empty when it is gone. */
export async function labLeftovers(name: string): Promise<string> {
  const result = await execute(LAB, ["leftovers", "--name", name]);
  return `${result.stdout}${result.code === 0 ? "" : result.stderr}`;
}

function labHost(labName: string, entry: InventoryHost): LabHost {
  const place = ["--name", labName, entry.name];
  const exec = (command: readonly string[] | string, options?: ExecOptions): Promise<ExecResult> =>
    execute(LAB, ["exec", ...place, ...(typeof command === "string" ? ["sh", "-c", command] : command)], options);
  const run = async (command: readonly string[] | string, options?: ExecOptions): Promise<string> => {
    const result = await exec(command, options);
    if (result.code !== 0) throw failure(`${entry.name}: ${describe(command)}`, result);
    return result.stdout.trim();
  };
  return {
    ...entry,
    exec,
    run,
    docker: (args, options) => run(["docker", ...args], options),
    reboot: () => lab(["reboot", ...place]),
    stop: () => lab(["stop", ...place]),
    start: () => lab(["start", ...place]),
  };
}

async function lab(...args: readonly (readonly string[])[]): Promise<void> {
  const flat = args.flat();
  const result = await execute(LAB, flat, { timeoutMs: 300_000 });
  if (result.code !== 0) throw failure(`lab ${flat.join(" ")}`, result);
}

function describe(command: readonly string[] | string): string {
  return typeof command === "string" ? command : command.join(" ");
}

function failure(what: string, result: ExecResult): Error {
  return new Error(`${what}: exit status ${result.code}\n${result.stdout}${result.stderr}`);
}

/** Runs a program on the machine to its end. Rejects only if it cannot be started or takes too long. */
export function execute(program: string, args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const timeoutMs = options.timeoutMs ?? 120_000;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "pipe", timeout: timeoutMs, killSignal: "SIGKILL" });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    // A command that does not read its input closes it early; that is no failure.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
    child.on("error", reject);
    child.on("close", (status, signal) => {
      const result = {
        code: status ?? 128 + signalNumber(signal),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      };
      if (child.killed) reject(failure(`${program} ${args.join(" ")}: not done after ${timeoutMs} ms`, result));
      else resolve(result);
    });
  });
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : osConstants.signals[signal];
}
