/** A real kube-apiserver with its etcd, on this machine's loopback alone. There are no nodes: nothing runs on it. */
import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

import { type Access, KubernetesClient, type KubernetesObject } from "../../support/kubernetes/client";
import { waitFor } from "./wait";

/** As `tools/kubernetes/install` leaves them. */
const tools = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sdn", "tools");
const version = "1.36.3";

/** Resource definitions as they are published, by the name of their module; tools/kubernetes/definitions.txt. */
export type Definitions =
  "sigs.k8s.io/network-policy-api@v0.3.0" | "sigs.k8s.io/network-policy-api@v0.1.7" | "istio.io/api@v1.32.0";

interface DefinitionSpec {
  readonly group: string;
  readonly names: { readonly kind: string };
  readonly versions: readonly { readonly name: string; readonly served: boolean }[];
}

export class Apiserver {
  private constructor(
    readonly access: Access,
    readonly client: KubernetesClient,
    private readonly folder: string,
    private readonly processes: readonly ChildProcess[],
  ) {}

  static async start(): Promise<Apiserver> {
    const folder = await mkdtemp(join(tmpdir(), "sdn-apiserver-"));
    const processes: ChildProcess[] = [];
    const run = (name: string, program: string, args: readonly string[]): void => {
      const log = openSync(join(folder, `${name}.log`), "a");
      // It ends with this process, however that ends.
      const words = ["--pdeathsig", "KILL", program, ...args];
      processes.push(spawn("setpriv", words, { stdio: ["ignore", log, log], cwd: folder }));
      closeSync(log);
    };
    try {
      const [client, peer, secure] = await freePorts(3);
      const token = randomBytes(16).toString("hex");
      await writeFile(join(folder, "tokens.csv"), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const key = privateKey.export({ type: "pkcs8", format: "pem" });
      await writeFile(join(folder, "accounts.key"), key, { mode: 0o600 });
      run("etcd", "etcd", etcdArguments(folder, client, peer));
      run(
        "kube-apiserver",
        join(tools, `kubernetes-${version}`, "bin", "kube-apiserver"),
        apiArguments(folder, client, secure),
      );
      const access = await reachable(folder, secure, token, processes);
      return new Apiserver(access, new KubernetesClient(access), folder, processes);
    } catch (thrown) {
      await Promise.all(processes.map(ended));
      throw thrown;
    }
  }

  /** Makes the server serve what a module defines, and waits until it does. */
  async define(definitions: Definitions): Promise<void> {
    const folder = join(tools, "kubernetes-definitions", definitions);
    const names = await readdir(folder, { recursive: true });
    const texts = await Promise.all(
      names.filter((name) => name.endsWith(".yaml")).map((name) => readFile(join(folder, name), "utf8")),
    );
    await Promise.all(texts.map((text) => this.defineText(text)));
  }

  /** The same of a text in YAML. */
  async defineText(text: string): Promise<void> {
    const objects = parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject | null);
    for (const object of objects) {
      if (object?.kind !== "CustomResourceDefinition") continue;
      await this.client.apply(object, { manager: "test" });
      await waitFor(() => this.isServed(object), { what: `${object.metadata.name} is served` });
    }
  }

  /** In every version: it is established a moment before clients are told of it. */
  private async isServed({ spec }: KubernetesObject): Promise<boolean> {
    const { group, names, versions } = spec as DefinitionSpec;
    const served = versions.filter((version) => version.served).map(({ name }) => `${group}/${name}`);
    const found = await Promise.all(served.map((apiVersion) => this.client.collection(apiVersion, names.kind)));
    return found.every((path) => path !== undefined);
  }

  /** A file that opens the cluster. */
  kubeconfig(): string {
    const { server, ca, token } = this.access;
    const name = "lab";
    const cluster = { server, "certificate-authority-data": Buffer.from(ca).toString("base64") };
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster }],
      users: [{ name, user: { token } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      "current-context": name,
    });
  }

  /** Makes the cluster unreachable, or reachable again, without losing what it has. */
  pause(): void {
    this.processes[1]?.kill("SIGSTOP");
  }
  resume(): void {
    this.processes[1]?.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map(ended));
    await rm(this.folder, { recursive: true, force: true });
  }
}

function etcdArguments(folder: string, client: number, peer: number): readonly string[] {
  const [own, others] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  return [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${own}`,
    `--advertise-client-urls=${own}`,
    `--listen-peer-urls=${others}`,
    `--initial-advertise-peer-urls=${others}`,
    `--initial-cluster=default=${others}`,
  ];
}

function apiArguments(folder: string, store: number, port: number): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${store}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    // It makes its own certificate there.
    `--cert-dir=${folder}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--authorization-mode=RBAC",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${join(folder, "accounts.key")}`,
    `--service-account-signing-key-file=${join(folder, "accounts.key")}`,
    "--endpoint-reconciler-type=none",
    // Nobody makes service accounts, and no pod asks for one.
    "--disable-admission-plugins=ServiceAccount",
  ];
}

async function reachable(
  folder: string,
  port: number,
  token: string,
  processes: readonly ChildProcess[],
): Promise<Access> {
  const access = async (): Promise<Access> => ({
    server: `https://127.0.0.1:${port}`,
    ca: await readFile(join(folder, "apiserver.crt"), "utf8"),
    token,
  });
  await waitFor(
    async () => {
      if (processes.some(({ exitCode }) => exitCode !== null)) throw new Error(await logs(folder));
      const client = new KubernetesClient(await access());
      const { status } = await client.send("GET", "/readyz");
      // The namespace is made a moment later than the server says that it is ready.
      const namespace = await client.send("GET", "/api/v1/namespaces/default");
      return status === 200 && namespace.status === 200;
    },
    { what: "kube-apiserver is ready", timeoutMs: 90_000 },
  );
  return access();
}

async function logs(folder: string): Promise<string> {
  const texts = await Promise.all(
    ["etcd", "kube-apiserver"].map((name) => readFile(join(folder, `${name}.log`), "utf8")),
  );
  return texts.map((text) => text.slice(-2000)).join("\n");
}

async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const over = new Promise((resolve) => process.once("exit", resolve));
  process.kill("SIGCONT");
  process.kill("SIGKILL");
  await over;
}

/** Held all at once, so that they differ. */
async function freePorts(count: 3): Promise<readonly [number, number, number]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as unknown as readonly [number, number, number];
}
