/** The Kubernetes example as it stands: a real host, a real API server, and the stand-in for @pulumi/kubernetes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Apiserver } from "../lab/harness/apiserver";
import { kubernetesPlugin, type Plugin } from "../lab/harness/kubernetes-plugin";
import { execute, type Lab, startLab } from "../lab/harness/lab";

const root = join(__dirname, "..", "..");

let lab: Lab;
let server: Apiserver;
let plugin: Plugin;
let folder: string;

/** A command of the CLI in the example's folder; its state and its configuration are elsewhere. */
async function pulumi(...args: readonly string[]): Promise<string> {
  const script =
    'eval "$("$1"/tools/env)" && cd "$1"/examples/kubernetes && PATH=$2:$PATH && shift 2 && exec pulumi --non-interactive "$@"';
  const env = [
    `PULUMI_HOME=${join(folder, "home")}`,
    `PULUMI_BACKEND_URL=file://${folder}`,
    "PULUMI_CONFIG_PASSPHRASE=example",
  ];
  const configuration = args[0] === "stack" ? [] : ["--config-file", join(folder, "config.yaml")];
  const words = [...env, "bash", "-c", script, "pulumi", root, plugin.path, ...args, ...configuration];
  const { code, stdout, stderr } = await execute("env", words, { timeoutMs: 180_000 });
  if (code !== 0) throw new Error(`pulumi ${args.join(" ")}: exit status ${code}\n${stdout}${stderr}`);
  return stdout;
}

const stack = ["--stack", "test"] as const;
const collections = [
  "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
  "/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies",
] as const;

async function specs(): Promise<readonly (readonly unknown[])[]> {
  return Promise.all(
    collections.map(async (path) => {
      const { items } = (await server.client.must("GET", path)) as unknown as { items: readonly { spec: unknown }[] };
      return items.map(({ spec }) => spec);
    }),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sdn-kubernetes-"));
  [lab, server, plugin] = await Promise.all([
    startLab({ hosts: 1, form: "light", dockerd: false }),
    Apiserver.start(),
    kubernetesPlugin(),
  ]);
  await server.define("sigs.k8s.io/network-policy-api@v0.3.0");
  await pulumi("stack", "init", ...stack);
  const { address, hostKey, privateKeyPath } = lab.host("h1");
  const config = { kubeconfig: server.kubeconfig(), privateKeyPath, h1Address: address, h1HostKey: hostKey };
  for (const [key, value] of Object.entries(config)) {
    const secret = key === "kubeconfig" ? ["--secret"] : [];
    await pulumi("config", "set", ...secret, key, value, ...stack);
  }
  await pulumi("up", "--yes", "--skip-preview", ...stack);
}, 240_000);

afterAll(async () => {
  await Promise.all([lab.down(), server.stop(), plugin.remove()]);
  await rm(folder, { recursive: true, force: true });
});

test("the cluster has the web servers' policy, with the one on the host's side in it, and the baseline", async () => {
  const { address } = JSON.parse(await pulumi("stack", "output", "--json", ...stack)) as { address: string };
  expect(address).toMatch(/^10\.20\.1\.\d+$/);
  expect(await specs()).toMatchObject([
    [
      {
        podSelector: { matchLabels: { app: "web" } },
        ingress: [{ from: [{ ipBlock: { cidr: "203.0.113.0/24" } }, { namespaceSelector: {}, podSelector: {} }] }],
      },
    ],
    [
      {
        tier: "Baseline",
        subject: { namespaces: {} },
        egress: [{ action: "Accept" }, { name: "default", action: "Deny" }],
      },
    ],
  ]);
  expect(await lab.host("h1").run("nft list table inet sdn_fw")).toContain("10.244.0.0/16");
});

test("a second up changes nothing", async () => {
  expect(await pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", ...stack)).toContain("unchanged");
});

test("destroy takes all of it away", async () => {
  await pulumi("destroy", "--yes", "--skip-preview", ...stack);
  expect(await specs()).toEqual([[], []]);
});
