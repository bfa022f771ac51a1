/**
 * Subnets for pods: CNI's reference plugins attach namespaces by our lists on two hosts, with real packets; a real API
 * server takes what Multus and OVN-Kubernetes read there.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import type { KubernetesObject } from "../support/kubernetes/client";
import { Apiserver } from "./harness/apiserver";
import { kubernetesPlugin, type Plugin } from "./harness/kubernetes-plugin";
import { execute, freshName, type Lab, startLab } from "./harness/lab";
import { type Program, Stack } from "./harness/stack";

const ref = (name: string): string => `\${${name}}`;
const tag = freshName().slice(0, 6);
/** As `tools/kubernetes/install` leaves them. */
const cni = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sdn", "tools", "cni-1.10.0", "bin");
const state = "/var/lib/cni";

/** Pods: namespaces, as a runtime gives them to CNI. `fixed` is in the network of endpoints, the others in that of hosts. */
const pods = { a: "h1", b: "h2", fixed: "h2" } as const;
type Pod = keyof typeof pods;
const nameOf = (pod: Pod): string => `${tag}-${pod}`;
const ownHosts = `${tag}h`;
const ownEndpoints = `${tag}e`;

let lab: Lab;
let server: Apiserver;
let plugin: Plugin;
let stack: Stack;
let folder: string;

function program(): Program {
  const hosts = lab.hosts.map(({ name, netns }) => [name, { type: "sdn:Host", properties: { namespace: netns } }]);
  const network = (name: string, properties: object) => ({ [name]: { type: "sdn:PodNetwork", properties } });
  const cluster = { cluster: ref("prod"), namespace: "default" };
  return {
    plugins: [plugin],
    resources: {
      k8s: { type: "pulumi:providers:kubernetes", properties: { kubeconfig: server.kubeconfig() } },
      prod: { type: "sdn:KubernetesCluster", properties: {}, options: { providers: [ref("k8s")] } },
      ...Object.fromEntries(hosts),
      fabric: {
        type: "sdn:Fabric",
        properties: { hosts: lab.hosts.map(({ name }) => ref(name)), clusters: [ref("prod")] },
      },
      shop: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16" } },
      web: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.1.0/24", docker: false } },
      inside: {
        type: "sdn:Subnet",
        properties: { network: ref("shop"), cidr: "10.20.2.0/24", docker: false, hosts: [] },
      },
      db: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.3.0/24", docker: false } },
      db1: {
        type: "sdn:Endpoint",
        properties: { host: ref("h1"), subnet: ref("db"), namespace: { name: `${tag}-db1` } },
      },
      fixed: { type: "sdn:Endpoint", properties: { host: ref("h2"), subnet: ref("web") } },
      ...network(ownHosts, { subnet: ref("web"), mode: "hosts", routes: ["10.20.0.0/16"], ...cluster }),
      ...network(ownEndpoints, { subnet: ref("web"), routes: ["10.20.0.0/16"], ...cluster }),
      ...network("inner", { subnet: ref("inside"), mode: "ovn", ...cluster }),
    },
    outputs: {
      lists: ref(`${ownHosts}.cniConfigLists`),
      fixedLists: ref(`${ownEndpoints}.cniConfigLists`),
      inner: ref("inner.networkName"),
      db1: ref("db1.ipv4Address"),
      fixed: ref("fixed.ipv4Address"),
      mac: ref("fixed.macAddress"),
    },
  };
}

type Lists = Readonly<Record<string, string>>;
let outputs: Readonly<Record<"inner" | "db1" | "fixed" | "mac", string>> & {
  readonly lists: Lists;
  readonly fixedLists: Lists;
};

interface Attached {
  readonly ips: readonly { readonly address: string }[];
}

/** What a runtime does for a pod, in the network of its host. */
async function runtime(verb: "add" | "del", pod: Pod, network: string, args: object = {}): Promise<string> {
  const host = pods[pod];
  const env = [`CNI_PATH=${cni}`, `NETCONFPATH=${join(folder, host)}`, `CAP_ARGS=${JSON.stringify(args)}`];
  const command = [join(cni, "cnitool"), verb, network, `/run/netns/${nameOf(pod)}`];
  const { code, stdout, stderr } = await execute("nsenter", [
    `--net=/run/netns/${lab.host(host).netns}`,
    "env",
    ...env,
    ...command,
  ]);
  if (code !== 0) throw new Error(`${verb} of ${pod}: ${stdout}${stderr}`);
  return stdout;
}

async function attach(pod: Pod, network: string, args: object = {}): Promise<string> {
  const { ips } = JSON.parse(await runtime("add", pod, network, args)) as Attached;
  return ips[0]?.address.replace(/\/.*/, "") ?? "";
}
const pings = async (from: string, to: string): Promise<boolean> =>
  (await execute("ip", ["netns", "exec", from, "ping", "-c1", "-W2", to])).code === 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sdn-cni-"));
  [lab, server, plugin] = await Promise.all([
    startLab({ hosts: 2, form: "light", dockerd: false }),
    Apiserver.start(),
    kubernetesPlugin(),
  ]);
  const definitions = ["multus", "ovn-kubernetes"].map((name) =>
    join(__dirname, "harness", "definitions", `${name}.yaml`),
  );
  for (const file of definitions) await server.defineText(await readFile(file, "utf8"));
  for (const name of [...(Object.keys(pods) as Pod[]).map(nameOf), `${tag}-db1`])
    await execute("ip", ["netns", "add", name]);
  stack = await Stack.create(program());
  await stack.up();
  outputs = (await stack.outputs()) as typeof outputs;
  for (const { name } of lab.hosts) {
    await execute("mkdir", ["-p", join(folder, name)]);
    await writeFile(join(folder, name, `${ownHosts}.conflist`), outputs.lists[name] ?? "");
    await writeFile(join(folder, name, `${ownEndpoints}.conflist`), outputs.fixedLists[name] ?? "");
  }
}, 240_000);

afterAll(async () => {
  for (const name of [...(Object.keys(pods) as Pod[]).map(nameOf), `${tag}-db1`])
    await execute("ip", ["netns", "del", name]);
  // The plugins' own notes, of our networks alone.
  for (const name of [ownHosts, ownEndpoints]) {
    await rm(join(state, "networks", name), { recursive: true, force: true });
  }
  await execute("rmdir", ["--ignore-fail-on-non-empty", join(state, "networks"), join(state, "results"), state]);
  await Promise.all([stack.remove(), server.stop(), plugin.remove()]);
  await lab.down();
  await rm(folder, { recursive: true, force: true });
});

test("a real API server has the networks, with a list where it is the same on all nodes", async () => {
  const list = async (path: string): Promise<readonly KubernetesObject[]> => {
    const found = await server.client.must("GET", path);
    return found["items"] as readonly KubernetesObject[];
  };
  const attachments = await list("/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions");
  const configs = new Map(
    attachments.map(({ metadata, spec }) => [metadata.name, (spec as { config?: string }).config]),
  );
  expect([...configs.keys()].sort()).toEqual([ownEndpoints, ownHosts].sort());
  expect(configs.get(ownHosts)).toBeUndefined();
  expect(JSON.parse(configs.get(ownEndpoints) ?? "null")).toEqual(JSON.parse(outputs.fixedLists["h1"] ?? ""));
  const [inner, ...others] = await list("/apis/k8s.ovn.org/v1/namespaces/default/userdefinednetworks");
  expect(others).toEqual([]);
  expect(`default/${inner?.metadata.name ?? ""}`).toBe(outputs.inner);
  expect(inner?.["spec"]).toMatchObject({ topology: "Layer2", layer2: { subnets: ["10.20.2.0/24"] } });
});

test("pods on two hosts get addresses of their host's range, and reach each other and what is routed", async () => {
  const [a, b] = [await attach("a", ownHosts), await attach("b", ownHosts)];
  for (const [host, address] of [
    ["h1", a],
    ["h2", b],
  ] as const) {
    const [start, end] = rangeIn(outputs.lists[host] ?? "");
    const last = Number(address.split(".")[3]);
    expect([address.startsWith("10.20.1."), last >= start && last <= end]).toEqual([true, true]);
  }
  expect(await pings(nameOf("a"), b)).toBe(true);
  expect(await pings(nameOf("b"), a)).toBe(true);
  expect(await pings(nameOf("b"), outputs.db1)).toBe(true);
  expect(await pings(`${tag}-db1`, b)).toBe(true);
});

test("a pod with an endpoint's address has it, and its MAC", async () => {
  const args = { ips: [`${outputs.fixed}/24`], mac: outputs.mac };
  expect(await attach("fixed", ownEndpoints, args)).toBe(outputs.fixed);
  const shown = await execute("ip", ["-n", nameOf("fixed"), "-o", "link", "show", "eth0"]);
  expect(shown.stdout).toContain(outputs.mac);
  expect(await pings(nameOf("a"), outputs.fixed)).toBe(true);
});

test("what the plugins did to our bridges is no drift", async () => {
  await stack.refresh();
  expect(await stack.up("--expect-no-changes")).toContain("unchanged");
});

test("pods leave, and nothing of them stays", async () => {
  await runtime("del", "a", ownHosts);
  await runtime("del", "b", ownHosts);
  await runtime("del", "fixed", ownEndpoints, { ips: [`${outputs.fixed}/24`], mac: outputs.mac });
  for (const { netns } of lab.hosts) {
    const { stdout } = await execute("ip", ["-n", netns, "-o", "link", "show", "type", "veth"]);
    expect(stdout).not.toContain("veth");
  }
  await stack.destroy();
});

/** The last bytes of the first range in a list. */
function rangeIn(text: string): readonly [number, number] {
  const byte = (key: string): number => Number(new RegExp(`"${key}": "[\\d.]*\\.(\\d+)"`).exec(text)?.[1]);
  return [byte("rangeStart"), byte("rangeEnd")];
}
