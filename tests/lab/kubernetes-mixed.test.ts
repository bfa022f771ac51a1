/**
 * One policy whose members are endpoints of a host and pods of a cluster, by a real `pulumi`: real packets are judged on
 * the host, and the cluster's API server gets the other half.
 */
import type { KubernetesObject } from "../support/kubernetes/client";
import { Apiserver } from "./harness/apiserver";
import { kubernetesPlugin, type Plugin } from "./harness/kubernetes-plugin";
import { execute, freshName, type Lab, startLab } from "./harness/lab";
import { type Program, Stack, type YamlResource } from "./harness/stack";

const ref = (name: string): string => `\${${name}}`;
const tag = freshName().slice(0, 6);
const boxes = { web1: 5, db1: 6, stranger: 7 } as const;
type Box = keyof typeof boxes;
const nameOf = (box: Box): string => `${tag}-${box}`;
const addressOf = (box: Box): string => `10.20.1.${boxes[box]}`;

let lab: Lab;
let server: Apiserver;
let plugin: Plugin;
let stack: Stack;

function program(members: readonly object[]): Program {
  const endpoint = (box: Box): YamlResource => ({
    type: "sdn:Endpoint",
    properties: {
      host: ref("h1"),
      subnet: ref("web"),
      namespace: { name: nameOf(box) },
      ipv4Address: addressOf(box),
      labels: { app: box },
    },
  });
  const pods = { pods: { cluster: ref("prod"), namespace: "default", podLabels: { matchLabels: { app: "db" } } } };
  return {
    plugins: [plugin],
    resources: {
      k8s: { type: "pulumi:providers:kubernetes", properties: { kubeconfig: server.kubeconfig() } },
      prod: {
        type: "sdn:KubernetesCluster",
        properties: { podCidrs: ["10.244.0.0/16"], nodeCidrs: ["192.0.2.64/28"] },
        options: { providers: [ref("k8s")] },
      },
      h1: { type: "sdn:Host", properties: { namespace: lab.host("h1").netns } },
      fabric: { type: "sdn:Fabric", properties: { hosts: [ref("h1")], clusters: [ref("prod")] } },
      net: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16" } },
      web: { type: "sdn:Subnet", properties: { network: ref("net"), cidr: "10.20.1.0/24", docker: false } },
      web1: endpoint("web1"),
      db1: endpoint("db1"),
      stranger: endpoint("stranger"),
      databases: { type: "sdn:SecurityGroup", properties: { members: [pods, { endpoint: ref("db1") }] } },
      clients: { type: "sdn:SecurityGroup", properties: { members } },
      guard: {
        type: "sdn:FirewallPolicy",
        properties: {
          fabric: ref("fabric"),
          priority: 1,
          appliesTo: [{ group: ref("databases") }],
          rules: [{ name: "clients", direction: "ingress", action: "allow", from: [{ group: ref("clients") }] }],
          defaults: { ingress: "isolate", egress: "continue" },
          onClose: "keep",
        },
      },
    },
  };
}

const ofBoth = (): readonly object[] => [{ cluster: ref("prod") }, { endpoint: ref("web1") }];
const pings = async (from: Box, to: Box): Promise<boolean> =>
  (await execute("ip", ["netns", "exec", nameOf(from), "ping", "-c1", "-W1", addressOf(to)])).code === 0;

async function policies(): Promise<readonly KubernetesObject[]> {
  const path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
  const list = (await server.client.must("GET", path)) as unknown as { items: readonly KubernetesObject[] };
  return list.items;
}

beforeAll(async () => {
  [lab, server, plugin] = await Promise.all([
    startLab({ hosts: 1, form: "light", dockerd: false }),
    Apiserver.start(),
    kubernetesPlugin(),
  ]);
  for (const box of Object.keys(boxes) as Box[]) await execute("ip", ["netns", "add", nameOf(box)]);
  stack = await Stack.create(program(ofBoth()));
}, 180_000);
afterAll(async () => {
  for (const box of Object.keys(boxes) as Box[]) await execute("ip", ["netns", "del", nameOf(box)]);
  await Promise.all([stack.remove(), server.stop(), plugin.remove()]);
  await lab.down();
});

test("hosts judge packets by it and know the pods by their addresses; the cluster knows the endpoints by theirs", async () => {
  await stack.up();
  expect(await Promise.all([pings("web1", "db1"), pings("stranger", "db1"), pings("stranger", "web1")])).toEqual([
    true,
    false,
    true,
  ]);
  const table = await lab.host("h1").run("nft list table inet sdn_fw");
  for (const cidr of ["10.244.0.0/16", "192.0.2.64/28"]) expect(table).toContain(cidr);
  expect((await policies()).map(({ spec }) => spec)).toEqual([
    {
      podSelector: { matchLabels: { app: "db" } },
      policyTypes: ["Ingress"],
      ingress: [{ from: [{ ipBlock: { cidr: "10.20.1.5/32" } }, { namespaceSelector: {}, podSelector: {} }] }],
    },
  ]);
  expect(await stack.up("--expect-no-changes")).toContain("unchanged");
});

test("a change of the group changes both sides in the same run", async () => {
  await stack.write(program([{ cluster: ref("prod") }, { endpoint: ref("stranger") }]));
  await stack.up();
  expect(await Promise.all([pings("web1", "db1"), pings("stranger", "db1")])).toEqual([false, true]);
  expect(JSON.stringify(await policies())).toContain("10.20.1.7/32");
});

test("what one side cannot express stops the change of both", async () => {
  const labels = { matchLabels: { app: "web1" } };
  await stack.write(program([{ labels }]));
  const { code, stdout, stderr } = await stack.pulumi(["up", "--yes", "--skip-preview"]);
  expect(code).not.toBe(0);
  expect((stdout + stderr).replace(/\s+/g, " ")).toContain(
    "rule clients: cluster prod does not know which endpoints on hosts have such labels",
  );
  expect(await pings("stranger", "db1")).toBe(true);
});

test("a destroy takes it from both", async () => {
  await stack.write(program(ofBoth()));
  await stack.destroy();
  expect(await policies()).toEqual([]);
  expect(await lab.host("h1").run("nft list tables")).not.toContain("sdn_fw");
});
