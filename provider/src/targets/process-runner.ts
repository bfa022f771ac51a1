/** Runs a constant program as root in a child process: the common part of the targets on this machine. */

import { spawn, type ChildProcess } from "node:child_process";
import { constants, userInfo } from "node:os";
import { SdnError } from "../model/error";
import { deferred } from "./deferred";
import { ProgramOutput } from "./program-output";
import { KILL_PROGRAM, killInput, localArguments, notStartedError, type StartedProgram } from "./remote-program";
import { orStopped, runLimits, settledWithin, STOP_GRACE_MS, type RunLimits } from "./run-limits";
import type { RunOptions, RunResult } from "./target";

export interface ProcessPlace {
  /** The target's URI, for messages. */
  readonly host: string;
  /** What the program is started by, for example `ip netns exec h1`; empty for this machine itself. */
  readonly through: readonly string[];
  /** What the program finds in SDN_SSH_CONNECTION. */
  readonly sshConnection: string;
  /** Called when a process was started. */
  readonly onStart: () => void;
  /** A better explanation where the program did not begin; undefined for the general one. */
  readonly explain?: (complaint: string) => SdnError | undefined;
}

/** Variables that reach the program; nothing else does, because ours can hold a stack's secrets. */
const INHERITED = ["PATH", "HOME", "USER", "LOGNAME", "TMPDIR"] as const;

export async function runProcess(
  place: ProcessPlace,
  program: string,
  stdin: string,
  options: RunOptions,
): Promise<RunResult> {
  const limits = runLimits(options, place.host);
  try {
    limits.signal.throwIfAborted();
    return await orStopped(execute(place, program, stdin, limits, options.onLine), limits.signal, STOP_GRACE_MS);
  } finally {
    limits.dispose();
  }
}

async function execute(
  place: ProcessPlace,
  program: string,
  stdin: string,
  limits: RunLimits,
  onLine: RunOptions["onLine"],
): Promise<RunResult> {
  const root = process.getuid?.() === 0;
  const argv = localArguments(program, { root, through: place.through, sshConnection: place.sshConnection });
  const output = new ProgramOutput(onLine, limits.stop);
  const child = await startProcess(argv, stdin, output, place);
  const ended = exitOf(child);
  const onAbort = () => void endProcess(child, ended, output, root, place.host);
  limits.signal.addEventListener("abort", onAbort, { once: true });
  if (limits.signal.aborted) onAbort();
  const exitCode = await ended;
  limits.signal.removeEventListener("abort", onAbort);
  limits.signal.throwIfAborted();
  if (output.program === undefined) {
    const explained = place.explain?.(output.complaint);
    throw explained ?? notStartedError(exitCode, output.complaint, { host: place.host, user: userInfo().username });
  }
  return output.result(exitCode);
}

async function startProcess(
  argv: readonly string[],
  stdin: string,
  output: ProgramOutput,
  place: ProcessPlace,
): Promise<ChildProcess> {
  const [command, ...rest] = argv;
  // Detached: the leader of its own process group, so that an abort ends everything the program started.
  const child = spawn(command ?? "", rest, { detached: true, stdio: "pipe", env: environment(), cwd: "/" });
  child.stdout.on("data", (chunk: Buffer) => output.addStdout(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.addStderr(chunk));
  // A program need not read its input; that it ended without is not an error.
  child.stdin.on("error", () => undefined);
  const started = deferred<undefined>();
  child.once("spawn", () => started.resolve(undefined));
  child.once("error", (error) => started.reject(spawnError(error, command ?? "", place.host)));
  await started.promise;
  place.onStart();
  child.stdin.end(stdin);
  return child;
}

function environment(): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const values = Object.fromEntries(inherited);
  // An ordinary user's search path lacks the folders of `ip`.
  return { ...values, PATH: [values["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", "/usr/sbin:/sbin"].join(":") };
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("close", (code, signal) => resolve(exitStatus(code, signal)));
  });
}

/** The status as a shell reports it: 128 + number for a signal. */
export function exitStatus(code: number | null | undefined, signal: string | null | undefined): number {
  if (typeof code === "number") return code;
  const name = signal?.startsWith("SIG") === true ? signal : `SIG${signal ?? ""}`;
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return 128 + (numbers[name] ?? 0);
}

async function endProcess(
  child: ChildProcess,
  ended: Promise<number>,
  output: ProgramOutput,
  root: boolean,
  host: string,
): Promise<void> {
  if (root) killGroup(child);
  else await output.whenStarted.then((program) => killAsRoot(program, host)).catch(() => undefined);
  // Something that left the group may still hold the pipes open; then they are closed on our side.
  if (await settledWithin(ended, STOP_GRACE_MS)) return;
  child.stdin?.destroy();
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}

/** Without root we may not signal what sudo started for us, so sudo does it. */
async function killAsRoot(program: StartedProgram, host: string): Promise<void> {
  const input = killInput(program);
  if (input === undefined) return;
  const place = { host, through: [], sshConnection: "", onStart: () => undefined };
  await runProcess(place, KILL_PROGRAM, input, { signal: new AbortController().signal, timeoutMs: STOP_GRACE_MS });
}

function spawnError(error: Error, command: string, host: string): SdnError {
  const remedy =
    command === "sudo"
      ? "run Pulumi as root, or install sudo and allow it without a password"
      : `install the package that has ${command}`;
  const cause = `${command} could not be started on the machine that runs Pulumi (${error.message})`;
  return new SdnError({ code: "missing-capability", host, cause, remedy }, { cause: error });
}
