/**
 * Policies of a real `pulumi`, enforced by a policy engine of Kubernetes: real packets between the pods of a real node,
 * which kubelet and containerd run.
 */
import { ProbeAgents, type ProbeResult } from "../support/policy/probe-agents";
import { Apiserver } from "./harness/apiserver";
import { kubernetesPlugin, type Plugin } from "./harness/kubernetes-plugin";
import { freshName } from "./harness/lab";
import type { EnforcedApi } from "./harness/node/files";
import { KubernetesNode } from "./harness/node/node";
import { type Program, Stack, type YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const node = freshName().slice(0, 6);
const names = ["web", "job", "db", "other"] as const;
type Name = (typeof names)[number];
const ports = [80, 443, 5432] as const;

let server: Apiserver;
let plugin: Plugin;
let stack: Stack;
let running: KubernetesNode;
let addresses: ReadonlyMap<string, string>;
const agents = new ProbeAgents();

const group = (app: Name): YamlResource => ({
  type: "sdn:SecurityGroup",
  properties: {
    members: [{ pods: { cluster: ref("prod"), namespace: "default", podLabels: { matchLabels: { app } } } }],
  },
});
const policy = (properties: object): YamlResource => ({
  type: "sdn:FirewallPolicy",
  properties: { fabric: ref("fabric"), priority: 1, onClose: "keep", ...properties },
});
const open = { ingress: "continue", egress: "continue" };
const tcp = (port: number) => ({ services: [{ protocol: "tcp", ports: port }] });

function program(policyApi: EnforcedApi, port: number): Program {
  return {
    plugins: [plugin],
    resources: {
      k8s: { type: "pulumi:providers:kubernetes", properties: { kubeconfig: server.kubeconfig() } },
      prod: {
        type: "sdn:KubernetesCluster",
        properties: { policyApi },
        options: { providers: [ref("k8s")] },
      },
      fabric: { type: "sdn:Fabric", properties: { hosts: [], clusters: [ref("prod")] } },
      ...Object.fromEntries(names.map((name) => [name, group(name)])),
      everybody: { type: "sdn:SecurityGroup", properties: { members: [{ cluster: ref("prod") }] } },
      database: policy({
        appliesTo: [{ group: ref("db") }],
        rules: [{ name: "web", direction: "ingress", action: "allow", from: [{ group: ref("web") }], ...tcp(port) }],
        defaults: { ...open, ingress: "isolate" },
      }),
      jobs: policy({
        tier: "admin",
        appliesTo: [{ group: ref("job") }],
        rules: [{ name: "no-web", direction: "egress", action: "deny", to: [{ group: ref("everybody") }], ...tcp(80) }],
        defaults: open,
      }),
      usual: policy({
        tier: "baseline",
        appliesTo: [{ group: ref("everybody") }],
        rules: [{ name: "no-tls", direction: "ingress", action: "deny", from: [{ group: ref("job") }], ...tcp(443) }],
        defaults: open,
      }),
    },
  };
}

const probe = (from: Name, to: Name, port: number): Promise<ProbeResult> =>
  agents.probe(running.spaceOf(from), {
    do: "tcp",
    from: addresses.get(from) ?? "",
    to: addresses.get(to) ?? "",
    port,
  });

/** `web → db 5432`, each with what becomes of it. */
type Table = Readonly<Record<string, ProbeResult>>;
async function seen(table: Table): Promise<Table> {
  const results = await Promise.all(
    Object.keys(table).map(async (text) => {
      const [from = "", , to = "", port = ""] = text.split(" ");
      return [text, await probe(from as Name, to as Name, Number(port))] as const;
    }),
  );
  return Object.fromEntries(results);
}
/** The engine hears of a change a moment later. */
async function comesTo(table: Table): Promise<void> {
  let last: Table = {};
  const same = async (): Promise<boolean> => {
    last = await seen(table);
    return JSON.stringify(last) === JSON.stringify(table);
  };
  await waitFor(same, { what: "the packets are judged so", timeoutMs: 15_000 }).catch(() => undefined);
  expect(last).toEqual(table);
}
const everyPair: Table = Object.fromEntries(
  names.flatMap((from) =>
    names
      .filter((to) => to !== from)
      .flatMap((to) => ports.map((port) => [`${from} → ${to} ${port}`, "connected"] as const)),
  ),
);

beforeAll(async () => {
  [server, plugin] = await Promise.all([Apiserver.start(), kubernetesPlugin()]);
  await server.define("sigs.k8s.io/network-policy-api@v0.1.7");
  await server.define("sigs.k8s.io/network-policy-api@v0.3.0");
  running = await KubernetesNode.start(node, server);
  addresses = await running.runPods(names);
  for (const name of names) await agents.start(running.spaceOf(name), ports);
  stack = await Stack.create(program("v1alpha1", 5432));
}, 240_000);
afterAll(async () => {
  await agents.stop();
  await running.stop();
  await Promise.all([stack.remove(), server.stop(), plugin.remove()]);
});

describe.each<EnforcedApi>(["v1alpha1", "v1alpha2"])("with policy.networking.k8s.io/%s", (api) => {
  beforeAll(async () => {
    await running.enforce(api);
    await stack.write(program(api, 5432));
  }, 60_000);

  test("without policies everybody reaches everybody", async () => {
    await comesTo(everyPair);
  });

  test("each tier does what it says", async () => {
    await stack.up();
    await comesTo({
      ...everyPair,
      // Isolated, but for the web servers at one port.
      "web → db 80": "silent",
      "web → db 443": "silent",
      "job → db 80": "silent",
      "job → db 443": "silent",
      "job → db 5432": "silent",
      "other → db 80": "silent",
      "other → db 443": "silent",
      "other → db 5432": "silent",
      // The admin's word on jobs.
      "job → web 80": "silent",
      "job → other 80": "silent",
      // The baseline, where nobody else says anything.
      "job → web 443": "silent",
      "job → other 443": "silent",
    });
  });

  test("a change of a rule changes what passes", async () => {
    await stack.write(program(api, 80));
    await stack.up();
    await comesTo({ "web → db 80": "connected", "web → db 5432": "silent", "other → db 80": "silent" });
  });

  test("after a destroy everybody reaches everybody", async () => {
    await stack.destroy();
    await comesTo(everyPair);
  });
});
