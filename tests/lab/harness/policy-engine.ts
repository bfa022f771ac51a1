/**
 * A node with pods and a policy engine that enforces, without kubelet: a node is a network namespace that routes between
 * its pods, a pod is a network namespace that the API server is told of, and kube-network-policies judges what passes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import type { Apiserver } from "./apiserver";
import { execute } from "./lab";
import { waitFor } from "./wait";

/** As `tools/kubernetes/install` leaves it. */
const engine = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  ...["sdn", "tools", "policy-engine-0.8.0", "bin", "kube-network-policies"],
);

export interface NodePod {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly address: string;
}

/** What the engine would have nftables do, where the kernel has the queue for iptables alone. */
const queueRules = `
  iptables -t mangle -A POSTROUTING -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
  iptables -t mangle -A POSTROUTING -j NFQUEUE --queue-num 100`;

/** Inside the node: `127.0.0.1:6443` is the API server, by a socket in the file system, which namespaces share. */
const relay = `
  const net = require("node:net");
  net.createServer((client) => {
    const server = net.connect(process.argv[1]);
    client.pipe(server).pipe(client);
    for (const end of [client, server]) end.on("error", () => { client.destroy(); server.destroy(); });
  }).listen(6443, "127.0.0.1");`;

export class PolicyNode {
  private constructor(
    private readonly name: string,
    private readonly pods: readonly NodePod[],
    private readonly folder: string,
    private readonly server: Server,
    private readonly processes: readonly ChildProcess[],
  ) {}

  /** The network namespace of a pod, whose name begins with the node's. */
  static namespaceOf = (node: string, pod: string): string => `${node}-${pod}`;

  static async start(name: string, pods: readonly NodePod[], apiserver: Apiserver): Promise<PolicyNode> {
    const folder = await mkdtemp(join(tmpdir(), "sdn-node-"));
    const socket = join(folder, "apiserver");
    const { port } = new URL(apiserver.access.server);
    const server = createServer((client) => {
      const there = connect(Number(port), "127.0.0.1");
      client.pipe(there).pipe(client);
      for (const end of [client, there]) end.on("error", () => [client, there].forEach((one) => one.destroy()));
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const processes: ChildProcess[] = [];
    const node = new PolicyNode(name, pods, folder, server, processes);
    try {
      await node.wire();
      for (const pod of pods) await tell(apiserver, name, pod);
      await writeFile(join(folder, "ca.crt"), apiserver.access.ca);
      await writeFile(join(folder, "token"), apiserver.access.token, { mode: 0o600 });
      processes.push(node.inside("relay", [process.execPath, "-e", relay, socket]));
      processes.push(node.inside("engine", ["unshare", "--mount", "sh", "-c", node.engineScript()]));
      await waitFor(() => node.isQueued(), { what: "the policy engine reads its queue" });
      await node.must("sh", "-ec", `nsenter --net=/run/netns/${name} sh -ec '${queueRules}'`);
      return node;
    } catch (thrown) {
      const log = await readFile(join(folder, "engine.log"), "utf8").catch(() => "");
      await node.stop();
      throw new Error(log.slice(-3000), { cause: thrown });
    }
  }

  async stop(): Promise<void> {
    for (const one of this.processes) {
      if (one.exitCode !== null || one.signalCode !== null) continue;
      const over = new Promise((resolve) => one.once("exit", resolve));
      one.kill("SIGKILL");
      await over;
    }
    this.server.close();
    const namespaces = [this.name, ...this.pods.map((pod) => PolicyNode.namespaceOf(this.name, pod.name))];
    for (const one of namespaces) await execute("ip", ["netns", "del", one]);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A link and a route for each pod, as a CNI plugin of the plain kind makes them. */
  private async wire(): Promise<void> {
    const { name } = this;
    await this.must("ip", "netns", "add", name);
    await this.must("ip", "-n", name, "link", "set", "lo", "up");
    await this.must("ip", "netns", "exec", name, "sysctl", "-q", "net.ipv4.ip_forward=1");
    for (const [at, pod] of this.pods.entries()) {
      const space = PolicyNode.namespaceOf(name, pod.name);
      const link = `pod${at}`;
      await this.must("ip", "netns", "add", space);
      await this.must(
        ..."ip -n".split(" "),
        name,
        "link",
        "add",
        link,
        ..."type veth peer name eth0 netns".split(" "),
        space,
      );
      await this.must("ip", "-n", name, "addr", "add", "169.254.1.1/32", "dev", link);
      await this.must("ip", "-n", name, "link", "set", link, "up");
      await this.must("ip", "-n", name, "route", "add", pod.address, "dev", link);
      await this.must("ip", "-n", space, "addr", "add", `${pod.address}/32`, "dev", "eth0");
      await this.must("ip", "-n", space, "link", "set", "eth0", "up");
      await this.must("ip", "-n", space, "route", "add", "169.254.1.1", "dev", "eth0");
      await this.must("ip", "-n", space, "route", "add", "default", "via", "169.254.1.1");
    }
  }

  /** It looks for the cluster where a pod finds it, so it gets a /run of its own. */
  private engineScript(): string {
    const place = "/run/secrets/kubernetes.io/serviceaccount";
    const flags = ["--admin-network-policy", "--baseline-admin-network-policy", "--disable-nri"];
    return `mount -t tmpfs none /run && mkdir -p ${place} && cp ${this.folder}/ca.crt ${this.folder}/token ${place} &&
      KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=6443 exec setpriv --pdeathsig KILL \
      ${engine} ${flags.join(" ")} --hostname-override=${this.name} --metrics-bind-address=127.0.0.1:9080`;
  }

  private inside(log: string, command: readonly string[]): ChildProcess {
    const file = openSync(join(this.folder, `${log}.log`), "a");
    const words = ["--pdeathsig", "KILL", "nsenter", `--net=/run/netns/${this.name}`, ...command];
    const child = spawn("setpriv", words, { stdio: ["ignore", file, file] });
    closeSync(file);
    return child;
  }

  private async isQueued(): Promise<boolean> {
    const file = "/proc/net/netfilter/nfnetlink_queue";
    const { stdout } = await execute("ip", ["netns", "exec", this.name, "cat", file]);
    return /^\s*100\s/m.test(stdout);
  }

  private async must(...[command = "", ...args]: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await execute(command, args);
    if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${stdout}${stderr}`);
  }
}

/** What kubelet would say of a pod. */
async function tell({ client }: Apiserver, node: string, pod: NodePod): Promise<void> {
  const { name, namespace, labels, address } = pod;
  const metadata = { name, namespace, labels };
  const spec = { nodeName: node, containers: [{ name: "box", image: "box" }] };
  const made = await client.apply({ apiVersion: "v1", kind: "Pod", metadata, spec }, { manager: "test" });
  const status = { phase: "Running", podIP: address, podIPs: [{ ip: address }] };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
  await client.must("PATCH", path, { metadata: { uid: made.metadata["uid"] }, status }, "application/merge-patch+json");
}
