/** Web servers in network namespaces that say who they are, and clients that count what they get. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { execute } from "./lab";
import { waitFor } from "./wait";

/**
 * Answers `NAME CLIENT` to GET /, where CLIENT is what a PROXY header says, or who connects. GET /healthz answers 503
 * until it is told to be well; a line on its input: `well`, `ill`. Each request but those is a line of its output.
 * `/stream` goes on answering, a line every 50 ms, until its client ends. UDP on 8080 says its name.
 */
const server = `
  const [, name] = process.argv;
  let well = true;
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => { well = line === "well"; });
  const proxied = (data) => {
    if (data.subarray(0, 12).toString("latin1") !== "\\r\\n\\r\\n\\0\\r\\nQUIT\\n") return undefined;
    const size = 16 + data.readUInt16BE(14);
    const local = (data[12] & 15) === 0;
    return { client: local ? "check" : [...data.subarray(16, 20)].join("."), rest: data.subarray(size) };
  };
  require("node:net").createServer((s) => {
    s.on("error", () => {});
    let client = (s.remoteAddress ?? "").replace("::ffff:", ""), text = "";
    s.on("data", (data) => {
      const head = proxied(data);
      if (head !== undefined) client = head.client;
      text += (head?.rest ?? data).toString();
      if (!text.includes("\\r\\n\\r\\n")) return;
      const path = text.split(" ")[1];
      text = "";
      if (path === "/healthz") return s.end("HTTP/1.1 " + (well ? "200 OK" : "503 No") + "\\r\\nContent-Length: 0\\r\\n\\r\\n");
      console.log(client);
      if (path !== "/stream") return s.end("HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\n" + name + " " + client);
      const timer = setInterval(() => s.write(name + "\\n"), 50);
      s.on("close", () => clearInterval(timer));
    });
  }).listen(8080, "::", () => console.log("listens"));
  const u = require("node:dgram").createSocket("udp6");
  u.on("message", (_, from) => u.send(name, from.port, from.address)).bind(8080);`;

export class WebServer {
  private requests = 0;
  private constructor(private readonly child: ChildProcess) {}

  static async start(namespace: string, name: string): Promise<WebServer> {
    const child = spawn("ip", ["netns", "exec", namespace, process.execPath, "-e", server, name], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const made = new WebServer(child);
    let listens = false;
    child.stdout.on("data", (data: Buffer) => {
      listens = true;
      made.requests += data.toString().split("\n").length - 1;
    });
    await waitFor(() => listens, { what: `a server in ${namespace}` });
    return made;
  }

  /** Of all paths but /healthz. */
  get count(): number {
    // The first line says that it listens.
    return this.requests - 1;
  }
  become(state: "well" | "ill"): void {
    this.child.stdin?.write(`${state}\n`);
  }
  /** `SIGSTOP`: the kernel goes on taking connections, and nobody answers. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.child.kill(signal);
  }
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const over = new Promise((done) => this.child.once("close", done));
    this.child.kill("SIGKILL");
    await over;
  }
}

const client = `
  const [, host, port, wanted, lanes] = process.argv;
  const http = require("node:http");
  let end = false, made = 0;
  const one = () => new Promise((done) => {
    made++;
    const q = http.get({ host, port, timeout: 5000, agent: false }, (r) => {
      let text = "";
      r.on("data", (d) => { text += d; }).on("end", () => done(text || "-")).on("error", () => done("-"));
    });
    // Nobody's refusal makes a busy loop.
    q.on("error", () => setTimeout(done, 20, "-")).on("timeout", () => { q.destroy(); });
  });
  if (wanted === "all") process.stdin.on("end", () => { end = true; }).resume();
  const lane = async () => { while (!end && !(made >= wanted)) console.log(await one()); };
  console.log("begun");
  Promise.all(Array.from({ length: lanes }, lane)).then(() => process.exit());`;

/** What is answered to requests one after another, `-` for none. */
export async function requests(namespace: string, host: string, count: number): Promise<readonly string[]> {
  const words = ["netns", "exec", namespace, process.execPath, "-e", client, host, "80", String(count), "1"];
  const { stdout } = await execute("ip", words);
  return stdout.trim().split("\n").slice(1);
}

/** Requests on four lanes until it is stopped: what was answered to each. */
export async function load(namespace: string, host: string): Promise<() => Promise<readonly string[]>> {
  const words = ["netns", "exec", namespace, process.execPath, "-e", client, host, "80", "all", "4"];
  const child = spawn("ip", words, { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (data: Buffer) => {
    text += data.toString();
  });
  await waitFor(() => text.includes("begun\n"), { what: "the load begins" });
  return async () => {
    const over = new Promise((done) => child.once("close", done));
    child.stdin.end();
    await over;
    return text.trim().split("\n").slice(1);
  };
}

/** One connection that goes on: how many lines came, until it was ended from the other side. */
export interface Streaming {
  readonly lines: () => number;
  readonly ended: () => boolean;
  readonly from: () => string;
  readonly stop: () => void;
}
export async function stream(namespace: string, host: string): Promise<Streaming> {
  const script = `exec 3<>/dev/tcp/${host}/80; printf 'GET /stream HTTP/1.1\\r\\n\\r\\n' >&3; exec cat <&3`;
  const child = spawn("ip", ["netns", "exec", namespace, "bash", "-c", script], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.on("data", (data: Buffer) => {
    text += data.toString();
  });
  const streaming = {
    lines: () => text.split("\n").length - 1,
    ended: () => child.exitCode !== null,
    from: () => text.split("\n")[0] ?? "",
    stop: () => void child.kill(),
  };
  await waitFor(() => streaming.lines() > 0, { what: "the first line of a stream" });
  return streaming;
}

export const counted = (texts: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(texts, (text) => text.split(" ")[0] ?? "")].map(([who, all]) => [who, all.length]),
  );
