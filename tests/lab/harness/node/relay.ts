/**
 * The API server inside a network namespace: `127.0.0.1:6443` there is `127.0.0.1` here, by a socket in the file system,
 * which network namespaces share.
 */
import { connect, createServer, type Socket } from "node:net";

const port = 6443;

const program = `
  const net = require("node:net");
  net.createServer((client) => {
    const server = net.connect(process.argv[1]);
    client.pipe(server).pipe(client);
    for (const end of [client, server]) end.on("error", () => { client.destroy(); server.destroy(); });
  }).listen(${port}, "127.0.0.1");`;

/** What to run in the namespace. */
export const relayCommand = (socket: string): readonly string[] => [process.execPath, "-e", program, socket];

/** Where the server is, for who is in the namespace. */
export const relayed = { host: "127.0.0.1", port } as const;

/** This end. Gives what ends it. */
export async function openRelay(socket: string, server: string): Promise<() => void> {
  const open = new Set<Socket>();
  const listener = createServer((client) => {
    const there = connect(Number(new URL(server).port), "127.0.0.1");
    client.pipe(there).pipe(client);
    for (const end of [client, there]) {
      open.add(end);
      end.on("error", () => [client, there].forEach((one) => one.destroy()));
      end.on("close", () => open.delete(end));
    }
  });
  await new Promise<void>((resolve) => listener.listen(socket, resolve));
  return () => {
    listener.close();
    open.forEach((one) => one.destroy());
  };
}
