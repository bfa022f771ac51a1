/**
 * Policies of a real `pulumi` on a real kube-apiserver, by the stand-in for @pulumi/kubernetes. Nothing enforces them
 * there: what is seen is that the server takes, changes and loses the objects as the program says.
 */
import type { KubernetesObject } from "../support/kubernetes/client";
import { Apiserver } from "./harness/apiserver";
import { kubernetesPlugin, type Plugin } from "./harness/kubernetes-plugin";
import { type Program, Stack } from "./harness/stack";

const ref = (name: string): string => `\${${name}}`;

let server: Apiserver;
let plugin: Plugin;
let stack: Stack;

interface Options {
  readonly port?: number;
  readonly action?: string;
  readonly admin?: boolean;
}

function program({ port = 5432, action = "allow", admin = true }: Options = {}): Program {
  const pods = (app: string) => [
    { pods: { cluster: ref("prod"), namespace: "shop", podLabels: { matchLabels: { app } } } },
  ];
  const policy = { fabric: ref("fabric"), appliesTo: [{ group: ref("db") }], onClose: "keep" };
  const services = [{ protocol: "tcp", ports: port }];
  return {
    plugins: [plugin],
    resources: {
      k8s: {
        type: "pulumi:providers:kubernetes",
        properties: { kubeconfig: server.kubeconfig(), clusterIdentifier: "lab" },
      },
      shop: {
        type: "kubernetes:core/v1:Namespace",
        properties: { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
        options: { provider: ref("k8s") },
      },
      prod: {
        type: "sdn:KubernetesCluster",
        properties: { policyApi: "v1alpha2", podCidrs: ["10.244.0.0/16"] },
        options: { providers: [ref("k8s")] },
      },
      fabric: { type: "sdn:Fabric", properties: { hosts: [], clusters: [ref("prod")] } },
      web: { type: "sdn:SecurityGroup", properties: { members: pods("web") } },
      db: { type: "sdn:SecurityGroup", properties: { members: pods("db") } },
      database: {
        type: "sdn:FirewallPolicy",
        properties: {
          ...policy,
          priority: 1,
          rules: [{ name: "postgres", direction: "ingress", action, from: [{ group: ref("web") }], services }],
          defaults: { ingress: "isolate", egress: "continue" },
        },
        options: { dependsOn: [ref("shop")] },
      },
      ...(admin
        ? {
            outside: {
              type: "sdn:FirewallPolicy",
              properties: {
                ...policy,
                tier: "admin",
                priority: 1,
                rules: [{ name: "mirror", direction: "egress", action: "allow", to: [{ cidr: "203.0.113.0/24" }] }],
                defaults: { ingress: "continue", egress: "deny" },
              },
            },
          }
        : {}),
    },
  };
}

const inShop = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies";
const tiered = "/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies";
async function objects(path: string): Promise<readonly KubernetesObject[]> {
  const { items } = (await server.client.must("GET", path)) as unknown as { items?: readonly KubernetesObject[] };
  return items ?? [];
}
const portsOf = (object: KubernetesObject | undefined): unknown =>
  (object?.["spec"] as { ingress: readonly { ports: unknown }[] } | undefined)?.ingress[0]?.ports;

beforeAll(async () => {
  [server, plugin] = await Promise.all([Apiserver.start(), kubernetesPlugin()]);
  await server.define("sigs.k8s.io/network-policy-api@v0.3.0");
  stack = await Stack.create(program());
}, 180_000);
afterAll(async () => {
  await stack.remove();
  await Promise.all([server.stop(), plugin.remove()]);
});

test("a preview shows the objects and makes none", async () => {
  const { code, stdout } = await stack.preview();
  expect(stdout).toMatch(/kubernetes:networking\.k8s\.io\/v1:NetworkPolicy +database-prod-\w{10} +create/);
  expect(stdout).toMatch(/ClusterNetworkPolicy +outside-prod-\w{10}-0 +create/);
  expect(code).toBe(0);
  expect(await objects(tiered)).toEqual([]);
});

test("an up makes them, under our field manager, and a second one changes nothing", async () => {
  await stack.up();
  const [policy, ...others] = await objects(inShop);
  expect(others).toEqual([]);
  expect(policy?.metadata).toMatchObject({ annotations: { "sdn/owner": "lab/dev:policy database" } });
  const managers = policy?.metadata["managedFields"] as readonly { manager: string; operation: string }[];
  expect(managers.map(({ manager, operation }) => [manager, operation])).toEqual([["sdn", "Apply"]]);
  expect((await objects(tiered)).map(({ spec }) => spec)).toMatchObject([{ tier: "Admin", priority: 104 }]);
  expect(await stack.up("--expect-no-changes")).toContain("unchanged");
});

test("a change of a rule changes its object in place", async () => {
  const [before] = await objects(inShop);
  await stack.write(program({ port: 5433 }));
  await stack.up();
  const [after] = await objects(inShop);
  expect(after?.metadata["uid"]).toBe(before?.metadata["uid"]);
  expect(portsOf(after)).toEqual([{ protocol: "TCP", port: 5433 }]);
});

test("what the cluster cannot express fails the preview with the rule and the reason", async () => {
  await stack.write(program({ action: "deny" }));
  const { code, stdout, stderr } = await stack.preview();
  expect(code).not.toBe(0);
  expect((stdout + stderr).replace(/\s+/g, " ")).toContain(
    "rule postgres: cluster prod has NetworkPolicy for tier application, which only allows and cannot deny",
  );
  await stack.write(program({ port: 5433 }));
});

test("what somebody changed or deleted by hand is found by a refresh, and made again by an up", async () => {
  const [policy] = await objects(inShop);
  const [outside] = await objects(tiered);
  if (policy === undefined || outside === undefined) throw new Error("there is nothing to change");
  const opened = { spec: { ingress: [{}] } };
  await server.client.must("PATCH", `${inShop}/${policy.metadata.name}`, opened, "application/merge-patch+json");
  await server.client.remove(outside);
  const said = await stack.refresh();
  expect(said).toMatch(/NetworkPolicy +database-prod-\w{10} +updated/);
  expect(said).toMatch(/ClusterNetworkPolicy +outside-prod-\w{10}-0 +deleted/);
  await stack.up();
  expect(portsOf((await objects(inShop))[0])).toEqual([{ protocol: "TCP", port: 5433 }]);
  expect(await objects(tiered)).toHaveLength(1);
});

test("a cluster that does not answer is an error, and what is there stays in the state", async () => {
  const before = await stack.exported();
  server.pause();
  try {
    const refreshed = await stack.pulumi(["refresh", "--yes", "--skip-preview"]);
    expect(refreshed.code).not.toBe(0);
    expect(refreshed.stdout + refreshed.stderr).toContain("cluster is unreachable");
  } finally {
    server.resume();
  }
  expect(JSON.stringify(urns(await stack.exported()))).toBe(JSON.stringify(urns(before)));
  expect(await stack.up("--expect-no-changes")).toContain("unchanged");
});

test("a policy that is taken out is taken from the cluster, and a destroy leaves nothing", async () => {
  await stack.write(program({ port: 5433, admin: false }));
  await stack.up();
  expect(await objects(tiered)).toEqual([]);
  expect(await objects(inShop)).toHaveLength(1);
  await stack.destroy();
  expect(await objects(inShop)).toEqual([]);
});

const urns = (exported: string): readonly string[] =>
  (JSON.parse(exported) as { deployment: { resources: readonly { urn: string }[] } }).deployment.resources.map(
    ({ urn }) => urn,
  );
