/** Modelled hosts of which the bench counts what is run on them. */
import { rmSync } from "node:fs";
import type { Server } from "node:net";
import { ModelHost } from "../../../tests/support/model-host";
import { serveFleet } from "./fleet-link";

export interface FleetHost {
  readonly name: string;
  readonly address: string;
}

/** What was run since the last count. */
export interface Visits {
  readonly least: number;
  readonly most: number;
  /** Bytes to and from all hosts. */
  readonly sent: number;
  readonly received: number;
}

export class Fleet {
  readonly hosts: readonly FleetHost[];
  private readonly models = new Map<string, ModelHost>();
  private counts = new Map<string, number>();
  private sent = 0;
  private received = 0;
  private server: Server | undefined;

  constructor(
    size: number,
    readonly socket: string,
  ) {
    this.hosts = Array.from({ length: size }, (_, at) => {
      // 198.18.0.0/15 is for benchmarks (RFC 2544).
      return { name: `h${at + 1}`, address: `198.18.${(at >> 8) + 1}.${at & 255}` };
    });
    for (const { name, address } of this.hosts) {
      this.models.set(`ssh://root@${address}:22`, new ModelHost({ address, hostname: name, docker: false }));
    }
  }

  async open(): Promise<void> {
    this.server = await serveFleet(this.socket, (uri, stdin) => this.run(uri, stdin));
  }

  close(): void {
    this.server?.close();
    rmSync(this.socket, { force: true });
  }

  takeVisits(): Visits {
    const counts = [...this.models.keys()].map((uri) => this.counts.get(uri) ?? 0);
    const visits = {
      least: counts.reduce((one, other) => Math.min(one, other)),
      most: counts.reduce((one, other) => Math.max(one, other)),
      sent: this.sent,
      received: this.received,
    };
    this.counts = new Map();
    this.sent = this.received = 0;
    return visits;
  }

  private run(uri: string, stdin: string): string {
    const model = this.models.get(uri);
    if (model === undefined) throw new Error(`the fleet has no ${uri}`);
    const report = model.run(stdin);
    this.counts.set(uri, (this.counts.get(uri) ?? 0) + 1);
    this.sent += stdin.length;
    this.received += report.length;
    return report;
  }
}
