/** How much memory programs and the kernel take. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/**
 * Peak resident memory of a program that runs to its end, in MiB. It is asked for without a pause while it runs: what is
 * missing is what it took after the last answer.
 */
export async function peakOf(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  const ended = once(child, "exit");
  let peak = 0;
  for (;;) {
    const now = residentPeak(child.pid);
    if (now === undefined) break;
    peak = now;
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${String(code)}`);
  return peak;
}

/** Nothing when it has ended: nobody reads its status before we return to the event loop, but its memory is gone. */
function residentPeak(pid: number | undefined): number | undefined {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, "utf8"))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}

/** What the kernel has allocated in all the ways in which rules are, in MiB. Others allocate meanwhile, too. */
export function kernelMemory(): number {
  const text = readFileSync("/proc/meminfo", "utf8");
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
  return (of("SUnreclaim") + of("VmallocUsed") + of("Percpu")) / 1024;
}
