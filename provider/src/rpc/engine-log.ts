/** Log lines and status messages to the engine. Nothing here ever fails a call: without an engine, lines are dropped. */
import { credentials, Metadata } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

import { channelOptions } from "./channel";
import type { Severity } from "./handlers";

const severities: Readonly<Record<Severity, LogSeverity>> = {
  debug: LogSeverity.DEBUG,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
};

/** Milliseconds for one line to reach the engine. */
const lineDeadline = 2000;
/** Milliseconds that a call waits for its lines before it is answered. */
const flushDeadline = 1000;

export class EngineLog {
  private client: EngineClient | undefined;
  private address: string | undefined;
  /** Lines go one after the other, because the engine does not order concurrent ones. */
  private last: Promise<void> = Promise.resolve();
  /** Counts failures, so that what was queued behind a line that failed is dropped, not tried in vain. */
  private failures = 0;

  /** Sends to this engine from now on: `host:port`. */
  connect(address: string): void {
    if (address === "" || address === this.address) return;
    this.client?.close();
    this.address = address;
    this.client = new EngineClient(address, credentials.createInsecure(), channelOptions);
  }

  /** A line that stays; `urn` is empty where no resource is concerned. */
  line(severity: Severity, message: string, urn: string): void {
    this.enqueue(new LogRequest().setSeverity(severities[severity]).setMessage(message).setUrn(urn));
  }

  /** A message that is shown until the next one and kept nowhere. */
  status(message: string, urn: string): void {
    this.enqueue(new LogRequest().setSeverity(LogSeverity.INFO).setMessage(message).setUrn(urn).setEphemeral(true));
  }

  /** Ends when every line so far was sent, or after a second. */
  async flush(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, flushDeadline);
    });
    await Promise.race([this.last, late]);
    clearTimeout(timer);
  }

  close(): void {
    this.client?.close();
    this.client = undefined;
    this.address = undefined;
  }

  private enqueue(request: LogRequest): void {
    // Stream 0 keeps each message on its own; the engine joins those of any other stream into one text.
    request.setStreamid(0);
    const { client, failures } = this;
    if (client === undefined) return;
    this.last = this.last.then(() => (this.failures === failures ? this.send(client, request) : undefined));
  }

  private send(client: EngineClient, request: LogRequest): Promise<void> {
    return new Promise((resolve) => {
      client.log(request, new Metadata(), { deadline: Date.now() + lineDeadline }, (error) => {
        if (error !== null) this.failures += 1;
        resolve();
      });
    });
  }
}
