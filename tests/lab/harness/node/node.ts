/**
 * A node with real pods: kubelet and containerd in namespaces of their own (network, mounts, processes), and a policy
 * engine, kube-network-policies, that judges what passes between the pods.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { KubernetesObject } from "../../../support/kubernetes/client";
import type { Apiserver } from "../apiserver";
import { execute } from "../lab";
import { waitFor } from "../wait";
import { type EnforcedApi, engineCommand, image, writeNodeFiles } from "./files";
import { openRelay, relayCommand } from "./relay";

/** What the engine would have nftables do, where the kernel has the queue for iptables alone. */
const queueRules = `
iptables -t mangle -A POSTROUTING -o lo -j ACCEPT
iptables -t mangle -A POSTROUTING -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
iptables -t mangle -A POSTROUTING -j NFQUEUE --queue-num 100`;

const wires = `
ip link set lo up
ip link add eth0 type veth peer name wire
ip link set wire up
ip link set eth0 up
ip addr add 192.0.2.10/24 dev eth0
ip route add default via 192.0.2.1`;

export class KubernetesNode {
  private readonly processes: ChildProcess[] = [];
  private readonly namespaces: string[] = [];
  private readonly pods: KubernetesObject[] = [];
  private engine: ChildProcess | undefined;

  private constructor(
    private readonly name: string,
    private readonly folder: string,
    private readonly apiserver: Apiserver,
    private readonly closeRelay: () => void,
  ) {}

  /** The name of a pod's network namespace on this machine. */
  spaceOf(pod: string): string {
    return `${this.name}-${pod}`;
  }

  static async start(name: string, apiserver: Apiserver): Promise<KubernetesNode> {
    const folder = await mkdtemp(join(tmpdir(), "sdn-node-"));
    const socket = join(folder, "apiserver.sock");
    const node = new KubernetesNode(name, folder, apiserver, await openRelay(socket, apiserver.access.server));
    try {
      await writeNodeFiles(folder, name, apiserver.access);
      await must("ip", ["netns", "add", name]);
      node.namespaces.push(name);
      await must("ip", ["netns", "exec", name, "sh", "-ec", wires]);
      node.begin("relay", relayCommand(socket));
      const own = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-e"];
      node.begin("node", [...own, join(folder, "node.sh")]);
      await waitFor(() => node.isReady(), { what: "the node is ready", timeoutMs: 60_000 });
      return node;
    } catch (thrown) {
      const log = await node.log("node");
      await node.stop();
      throw new Error(log, { cause: thrown });
    }
  }

  /** Runs pods by name, each with the label `app`; their addresses. */
  async runPods(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map(await Promise.all(names.map(async (name) => [name, await this.pod(name)] as const)));
  }

  /** From then on an engine judges that reads this policy API; another one before it ends. */
  async enforce(api: EnforcedApi): Promise<void> {
    if (this.engine === undefined) await must("ip", ["netns", "exec", this.name, "sh", "-ec", queueRules]);
    else await ended(this.engine);
    await waitFor(async () => !(await this.isQueued()), { what: "nobody reads the queue" });
    this.engine = this.begin("engine", engineCommand(this.folder, this.name, api));
    await waitFor(() => this.isQueued(), { what: "the policy engine reads its queue" });
  }

  /** Pods end by kubelet, so that nothing of them stays in the machine's cgroups. */
  async stop(): Promise<void> {
    await this.endPods();
    for (const one of this.processes.toReversed()) await ended(one);
    this.closeRelay();
    for (const one of this.namespaces.toReversed()) await execute("ip", ["netns", "del", one]);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async endPods(): Promise<void> {
    const { client } = this.apiserver;
    for (const pod of this.pods) await client.remove(pod);
    const areGone = async (): Promise<boolean> =>
      (await Promise.all(this.pods.map((pod) => client.read(pod)))).every((pod) => pod === undefined);
    await waitFor(areGone, { what: "kubelet has ended the pods" });
    // They stay where another node has pods.
    await execute("sh", ["-c", "rmdir /sys/fs/cgroup/k8s.io /sys/fs/cgroup/*/k8s.io 2>/dev/null"]);
  }

  private async pod(name: string): Promise<string> {
    const { client } = this.apiserver;
    const object: KubernetesObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default", labels: { app: name } },
      spec: {
        nodeName: this.name,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "box", image, imagePullPolicy: "Never" }],
      },
    };
    await client.apply(object, { manager: "test" });
    this.pods.push(object);
    const address = await waitFor(
      async () => {
        const status = (await client.read(object))?.["status"] as { phase?: string; podIP?: string } | undefined;
        return status?.phase === "Running" && status.podIP;
      },
      { what: `pod ${name} runs`, timeoutMs: 60_000 },
    );
    await must("ip", ["netns", "attach", this.spaceOf(name), String(await this.processOf(name))]);
    this.namespaces.push(this.spaceOf(name));
    return address;
  }

  /** A process of the pod, by the number that it has on this machine: pods are called by their names. */
  private async processOf(pod: string): Promise<number> {
    const [init] = await childrenOf(this.processes[1]?.pid ?? 0);
    const space = await readlink(`/proc/${init ?? 0}/ns/pid`);
    for (const entry of await readdir("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const words = (await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "")).split("\0");
      if (words.slice(0, 2).join(" ") !== "/bin/busybox sleep") continue;
      // Its own space of processes is below the node's.
      const { stdout } = await execute("nsenter", ["--target", entry, "--uts", "hostname"]);
      if (stdout.trim() === pod && (await isBelow(entry, space))) return Number(entry);
    }
    throw new Error(`pod ${pod} has no process`);
  }

  private async isReady(): Promise<boolean> {
    const node = await this.apiserver.client.read({ apiVersion: "v1", kind: "Node", metadata: { name: this.name } });
    const status = node?.["status"] as { conditions?: readonly { type: string; status: string }[] } | undefined;
    return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
  }

  private async isQueued(): Promise<boolean> {
    const file = "/proc/net/netfilter/nfnetlink_queue";
    return /^\s*100\s/m.test((await execute("ip", ["netns", "exec", this.name, "cat", file])).stdout);
  }

  private async log(name: string): Promise<string> {
    return (await readFile(join(this.folder, `${name}.log`), "utf8").catch(() => "")).slice(-3000);
  }

  private begin(log: string, command: readonly string[]): ChildProcess {
    const file = openSync(join(this.folder, `${log}.log`), "a");
    const words = ["--pdeathsig", "KILL", "nsenter", `--net=/run/netns/${this.name}`, ...command];
    const process = spawn("setpriv", words, { stdio: ["ignore", file, file] });
    this.processes.push(process);
    closeSync(file);
    return process;
  }
}

async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const over = new Promise((resolve) => process.once("exit", resolve));
  process.kill("SIGKILL");
  await over;
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await execute(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${stdout}${stderr}`);
}

const childrenOf = async (pid: number): Promise<readonly string[]> =>
  (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ");

/** Whether a process is in a space of processes, or in one within it: one of those above it is. */
async function isBelow(pid: string, space: string): Promise<boolean> {
  for (let at = pid; at !== "0" && at !== "";) {
    if ((await readlink(`/proc/${at}/ns/pid`)) === space) return true;
    at = /^PPid:\s*(\d+)$/m.exec(await readFile(`/proc/${at}/status`, "utf8"))?.[1] ?? "";
  }
  return false;
}
