/** One program over one channel of an SSH connection. */

import type { ClientChannel } from "ssh2";
import { ProgramOutput } from "./program-output";
import { exitStatus } from "./process-runner";
import { KILL_PROGRAM, killInput, notStartedError, sshCommandLine, type StartedProgram } from "./remote-program";
import { runLimits, settledWithin, STOP_GRACE_MS, type RunLimits } from "./run-limits";
import type { SshLink } from "./ssh-connection";
import { brokenError, lostError } from "./ssh-errors";
import type { RunOptions, RunResult } from "./target";

export interface SshExecution {
  readonly link: SshLink;
  /** Address and port, for messages. */
  readonly host: string;
  readonly user: string;
  readonly program: string;
  readonly stdin: string;
  readonly limits: RunLimits;
  readonly onLine?: RunOptions["onLine"];
  /** Called when the server took the request to start the program. */
  readonly onStart: () => void;
}

/** The server has no room for another channel (sshd's MaxSessions); the program was not started. */
export class ChannelRefused extends Error {}

/** Where the caller stops it, the program is ended on the host, and the promise rejects with the stop's reason. */
export async function executeOverSsh(execution: SshExecution): Promise<RunResult> {
  const { limits, link, host, user } = execution;
  const commandLine = sshCommandLine(execution.program);
  const channel = await openChannel(link, commandLine, host);
  execution.onStart();
  const output = new ProgramOutput(execution.onLine, limits.stop);
  const ended = endOf(channel, output);
  channel.end(execution.stdin);
  const onAbort = () => void endProgram(execution, channel, output, ended);
  limits.signal.addEventListener("abort", onAbort, { once: true });
  if (limits.signal.aborted) onAbort();
  const exitCode = await ended;
  limits.signal.removeEventListener("abort", onAbort);
  limits.signal.throwIfAborted();
  if (exitCode === undefined) throw lostError(host, link.problem);
  if (output.program === undefined) throw notStartedError(exitCode, output.complaint, { host, user });
  return output.result(exitCode);
}

function openChannel(link: SshLink, commandLine: string, host: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    try {
      link.client.exec(commandLine, (error, channel) => {
        if (error === undefined) resolve(channel);
        else reject(openError(error, link, host));
      });
    } catch (thrown) {
      reject(brokenError(host, thrown));
    }
  });
}

function openError(error: Error, link: SshLink, host: string): Error {
  // With the connection gone it cannot be told whether the request had reached the server.
  if (link.gone) return lostError(host, link.problem ?? error);
  return new ChannelRefused(error.message, { cause: error });
}

/** The exit status, when both streams are read to their end; undefined where the connection ended first. */
function endOf(channel: ClientChannel, output: ProgramOutput): Promise<number | undefined> {
  let exitCode: number | undefined;
  channel.on("exit", (code: number | null, signal?: string) => (exitCode = exitStatus(code, signal)));
  channel.on("data", (chunk: Buffer) => output.addStdout(chunk));
  channel.stderr.on("data", (chunk: Buffer) => output.addStderr(chunk));
  // A program need not read its input; that it ended without is not an error.
  channel.on("error", () => undefined);
  const stdoutClosed = new Promise<void>((resolve) => channel.once("close", () => resolve()));
  const stderrClosed = new Promise<void>((resolve) => channel.stderr.once("close", () => resolve()));
  return Promise.all([stdoutClosed, stderrClosed]).then(() => exitCode);
}

/**
 * Ends the remote program. The protocol's own signal request is not used: ssh2 sends none after end-of-file, old
 * servers ignore it, and as an ordinary user sshd may not signal what sudo started. So the kill is a program of its
 * own on the same connection. Where that cannot be had, closing the channel still breaks the program's pipes.
 */
async function endProgram(
  execution: SshExecution,
  channel: ClientChannel,
  output: ProgramOutput,
  ended: Promise<number | undefined>,
): Promise<void> {
  await settledWithin(Promise.race([output.whenStarted, ended]), STOP_GRACE_MS);
  if (output.program !== undefined) await kill(execution, output.program).catch(() => undefined);
  await settledWithin(ended, STOP_GRACE_MS);
  channel.close();
}

async function kill(execution: SshExecution, program: StartedProgram): Promise<void> {
  const stdin = killInput(program);
  if (stdin === undefined) return;
  const options = { signal: new AbortController().signal, timeoutMs: STOP_GRACE_MS };
  const limits = runLimits(options, execution.host);
  const { link, host, user } = execution;
  const killing = executeOverSsh({ link, host, user, program: KILL_PROGRAM, stdin, limits, onStart: () => undefined });
  try {
    await settledWithin(killing, STOP_GRACE_MS);
  } finally {
    limits.dispose();
  }
}
