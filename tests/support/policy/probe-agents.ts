/** What runs in endpoints that are network namespaces of this machine: answers on ports, sends what it is told to. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

export type ProbeResult = "connected" | "refused" | "silent";

export interface ProbeWords {
  readonly do: "tcp" | "udp" | "ping";
  readonly from: string;
  readonly to: string;
  /** Default 0, for `ping`. */
  readonly port?: number;
  /** Default: one that no other probe has, so that no two are one flow. */
  readonly localPort?: number;
}

const agent = join(__dirname, "probe-agent.js");
/** Less than the time after which a SYN is sent again (1 s), so that each probe is one packet. */
const patience = 800;

export class ProbeAgents {
  private readonly agents = new Map<string, ChildProcess>();
  private readonly answers = new Map<number, (result: ProbeResult) => void>();
  private next = 1;

  /** Something in that namespace that listens on the ports, TCP and UDP. */
  async start(namespace: string, ports: readonly number[]): Promise<void> {
    const child = spawn("ip", ["netns", "exec", namespace, process.execPath, agent], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.agents.set(namespace, child);
    const waiting = new Set<number | "ready">(["ready", ...ports]);
    await new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const message = JSON.parse(line) as { ready?: true; listening?: number; id?: number; result?: ProbeResult };
        if (message.id !== undefined && message.result !== undefined) {
          this.answers.get(message.id)?.(message.result);
          return;
        }
        waiting.delete(message.listening ?? "ready");
        if (waiting.size === 0) resolve();
      });
      for (const port of ports) this.tell(namespace, { do: "listen", port });
    });
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.agents.values()].map(async (child) => {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.stdin?.end();
        await ended;
      }),
    );
    this.agents.clear();
  }

  /** One packet, and what came of it. */
  probe(namespace: string, words: ProbeWords): Promise<ProbeResult> {
    return this.send(namespace, words, false).result;
  }

  /** Opens a flow that stays; gives a function that tries it again. */
  async open(
    namespace: string,
    words: ProbeWords,
  ): Promise<{ readonly result: ProbeResult; readonly echo: () => Promise<ProbeResult> }> {
    const { id, result } = this.send(namespace, words, true);
    return { result: await result, echo: () => this.ask(namespace, { do: "echo", of: id }) };
  }

  private send(
    namespace: string,
    words: ProbeWords,
    keep: boolean,
  ): { readonly id: number; readonly result: Promise<ProbeResult> } {
    const id = this.next++;
    const message = { port: 0, localPort: 10_000 + (id % 20_000), ...words, keep };
    return { id, result: this.ask(namespace, message, id) };
  }

  private ask(namespace: string, message: object, id = this.next++): Promise<ProbeResult> {
    const answer = new Promise<ProbeResult>((resolve) => this.answers.set(id, resolve));
    this.tell(namespace, { ...message, id, wait: patience });
    return answer;
  }

  private tell(namespace: string, message: object): void {
    this.agents.get(namespace)?.stdin?.write(`${JSON.stringify(message)}\n`);
  }
}
