/**
 * A real sshd on loopback that leaves nothing behind: it runs in mount and PID namespaces of its own, with its own
 * users, sudoers and /run over the machine's, so that ending one process ends the server, its sessions, and all
 * that they started. It dies with this process, even when that is killed.
 */

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "./wait";

export interface SshUser {
  readonly name: string;
  readonly uid: number;
  /** A line of sudoers for the user. */
  readonly sudoers?: string;
  readonly shell?: string;
}

export interface SshServerOptions {
  /** Types of host keys; ed25519 by default. */
  readonly hostKeys?: readonly ("ed25519" | "ecdsa" | "rsa")[];
  readonly users?: readonly SshUser[];
  /** Further lines of sshd_config. */
  readonly config?: readonly string[];
}

export class SshServer {
  readonly folder: string;
  readonly port: number;
  readonly #options: SshServerOptions;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number, options: SshServerOptions) {
    this.folder = folder;
    this.port = port;
    this.#options = options;
  }

  static async start(options: SshServerOptions = {}): Promise<SshServer> {
    const folder = mkdtempSync(join(tmpdir(), "sdn-sshd-"));
    chmodSync(folder, 0o755);
    const server = new SshServer(folder, await freePort(), options);
    server.#prepare();
    await server.restart();
    return server;
  }

  /** A public key of the server, as in its .pub file without the comment. */
  hostKey(type = "ed25519"): string {
    return readFileSync(join(this.folder, `host_${type}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  }

  /** The fingerprint of a public key, by ssh-keygen: not by the code under test. */
  fingerprint(type = "ed25519"): string {
    return keyFingerprint(join(this.folder, `host_${type}.pub`));
  }

  /** The text of the private key that may log in. */
  get privateKey(): string {
    return readFileSync(this.privateKeyPath, "utf8");
  }

  get privateKeyPath(): string {
    return join(this.folder, "client");
  }

  /** How many connections authenticated since the server was made. */
  get logins(): number {
    return (this.log.match(/^Accepted publickey/gm) ?? []).length;
  }

  get log(): string {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  home(user: string): string {
    return join(this.folder, "homes", user);
  }

  /** Ends the server and every session, as a crash of the machine would but for the closed sockets. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    await waitFor("the port to be closed", async () => !(await answers(this.port)));
  }

  async restart(): Promise<void> {
    await this.stop();
    // setpriv: killed when we are; unshare --kill-child: sshd, the namespace's first process, is killed with it.
    const isolate = ["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const command = ["/bin/sh", join(this.folder, "start.sh")];
    const child = spawn("setpriv", [...isolate, ...command], { stdio: "ignore" });
    this.#process = child;
    await waitFor(`sshd to listen on port ${this.port}`, async () => {
      if (child.exitCode !== null) throw new Error(`sshd ended: ${this.log}`);
      return await answers(this.port);
    });
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  #prepare(): void {
    const { folder } = this;
    const hostKeys = this.#options.hostKeys ?? ["ed25519"];
    for (const type of hostKeys) makeKey(join(folder, `host_${type}`), type);
    makeKey(join(folder, "client"), "ed25519");
    const config = [
      `Port ${this.port}`,
      "ListenAddress 127.0.0.1",
      ...hostKeys.map((type) => `HostKey ${folder}/host_${type}`),
      `AuthorizedKeysFile ${folder}/client.pub`,
      "StrictModes no",
      "UsePAM no",
      "PasswordAuthentication no",
      "PermitRootLogin prohibit-password",
      "PidFile none",
      "LogLevel VERBOSE",
      ...(this.#options.config ?? []),
    ];
    writeFileSync(join(folder, "config"), config.join("\n") + "\n");
    this.#prepareUsers(this.#options.users ?? []);
    writeFileSync(join(folder, "log"), "");
    writeFileSync(join(folder, "start.sh"), this.#startScript());
  }

  #prepareUsers(users: readonly SshUser[]): void {
    const etc = join(this.folder, "etc");
    mkdirSync(join(etc, "sudoers.d"), { recursive: true });
    const passwd = users.map((user) => {
      const home = this.home(user.name);
      mkdirSync(home, { recursive: true });
      return `${user.name}:x:${user.uid}:65534:test:${home}:${user.shell ?? "/bin/sh"}\n`;
    });
    writeFileSync(join(etc, "passwd"), readFileSync("/etc/passwd", "utf8") + passwd.join(""));
    // "*": no password, but not a locked account, which sshd would refuse.
    const others = readFileSync("/etc/shadow", "utf8").replace(/^root:[^:]*:/m, "root:*:");
    writeFileSync(join(etc, "shadow"), others + users.map((user) => `${user.name}:*:19000::::::\n`).join(""));
    const sudoers = users.flatMap((user) => (user.sudoers === undefined ? [] : [`${user.sudoers}\n`]));
    writeFileSync(join(etc, "sudoers.d", "test"), sudoers.join(""));
    chmodSync(join(etc, "shadow"), 0o600);
    chmodSync(join(etc, "sudoers.d", "test"), 0o440);
  }

  #startScript(): string {
    const { folder } = this;
    return [
      "set -e",
      "mount --make-rprivate /",
      "mount -t tmpfs -o mode=755 tmpfs /run",
      "mkdir /run/sshd",
      ...["passwd", "shadow", "sudoers.d"].map((name) => `mount --bind ${folder}/etc/${name} /etc/${name}`),
      `exec /usr/sbin/sshd -D -f ${folder}/config -E ${folder}/log`,
      "",
    ].join("\n");
  }
}

/** Makes a key pair at the path; `passphrase` encrypts it. */
export function makeKey(path: string, type: string, passphrase = ""): void {
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", path]);
}

export function keyFingerprint(path: string): string {
  const [, print] = execFileSync("ssh-keygen", ["-lf", path], { encoding: "utf8" }).split(" ");
  return print ?? "";
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", () => finish(true));
    socket.once("error", () => finish(false));
    socket.once("close", () => finish(false));
  });
}
