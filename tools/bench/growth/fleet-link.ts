/** Messages between the bench's plugin and its models of hosts: `ID URI LENGTH` and a line break, then that many bytes. */
import { Buffer } from "node:buffer";
import type { Server, Socket } from "node:net";
import { connect, createServer } from "node:net";

export interface FleetLink {
  /** What the program on that host answers. */
  readonly run: (uri: string, stdin: string) => Promise<string>;
  close(): void;
}

export function connectFleet(path: string): FleetLink {
  const socket = connect(path);
  const waiting = new Map<number, (answer: string) => void>();
  let last = 0;
  onMessages(socket, (id, _uri, text) => {
    waiting.get(id)?.(text);
    waiting.delete(id);
  });
  return {
    run: (uri, stdin) =>
      new Promise((resolve) => {
        last += 1;
        waiting.set(last, resolve);
        send(socket, last, uri, stdin);
      }),
    close: () => socket.end(),
  };
}

export function serveFleet(path: string, answer: (uri: string, stdin: string) => string): Promise<Server> {
  const server = createServer((socket) => {
    // A plugin may be killed while it waits for an answer.
    socket.on("error", () => socket.destroy());
    onMessages(socket, (id, uri, stdin) => send(socket, id, uri, answer(uri, stdin)));
  });
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
}

function send(socket: Socket, id: number, uri: string, text: string): void {
  const body = Buffer.from(text);
  socket.write(`${id} ${uri} ${body.length}\n`);
  socket.write(body);
}

function onMessages(socket: Socket, take: (id: number, uri: string, text: string) => void): void {
  let parts: Buffer[] = [];
  let have = 0;
  let need = 0;
  socket.on("data", (chunk: Buffer) => {
    parts.push(chunk);
    have += chunk.length;
    if (have < need) return;
    let rest = Buffer.concat(parts);
    for (;;) {
      const end = rest.indexOf(10);
      if (end === -1) break;
      const [id = "", uri = "", length = ""] = rest.toString("utf8", 0, end).split(" ");
      need = end + 1 + Number(length);
      if (rest.length < need) break;
      take(Number(id), uri, rest.toString("utf8", end + 1, need));
      rest = rest.subarray(need);
      need = 0;
    }
    parts = [rest];
    have = rest.length;
  });
}
