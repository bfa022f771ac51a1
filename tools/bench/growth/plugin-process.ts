/** The bench's plugin as a process, with what the kernel counts of it. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Usage {
  /** Of the processor, in the plugin. */
  readonly milliseconds: number;
  /** The most that was resident at once. */
  readonly mebibytes: number;
}

/** Milliseconds of a clock tick in /proc: 100 a second on every Linux that we know. */
const tick = 10;

export class PluginProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  static start(program: string, socket: string): Promise<PluginProcess> {
    const child = spawn(program, [], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, SDN_FLEET: socket },
    });
    return new Promise((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`the plugin ended with ${String(code)}`)));
      child.stdout.once("data", (line: Buffer) => resolve(new PluginProcess(child, Number(line.toString()))));
    });
  }

  usage(): Usage {
    const place = `/proc/${String(this.child.pid)}`;
    const fields = readFileSync(`${place}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`${place}/status`, "utf8"))?.[1]);
    // Fields 14 and 15 of stat(5): time in user mode and in the kernel.
    return { milliseconds: (Number(fields[11]) + Number(fields[12])) * tick, mebibytes: peak / 1024 };
  }

  async end(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await gone;
  }
}
