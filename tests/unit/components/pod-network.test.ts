/** Subnets for pods: what a cluster is told, what hosts' runtimes need, and what is refused. */
import { ResourceReference, unknown, type ValueMap } from "../../../provider/src/rpc/value";
import { Engine, type Run } from "../../support/engine";
import { shop, subnetOf } from "../../support/programs";
import { urnOf, World } from "../../support/world";

interface Made {
  readonly run: Run;
  readonly web: ResourceReference;
  readonly prod: ResourceReference;
}

/** Two hosts, a subnet and a cluster; then what the test says. */
const program =
  (world: World, then: (made: Made) => Promise<unknown>, subnet: ValueMap = {}) =>
  async (run: Run): Promise<void> => {
    const made = await shop(run, world);
    const web = await subnetOf(run, made, "web", { cidr: "10.20.1.0/24", vni: 5001, docker: false, ...subnet });
    const prod = await run.add("sdn:index:KubernetesCluster", "prod", {});
    await then({ run, web, prod });
  };
const podNetwork =
  (args: ValueMap) =>
  ({ run, web, prod }: Made): Promise<unknown> => {
    const cluster = args["namespace"] === undefined ? {} : { cluster: prod };
    return run.add("sdn:index:PodNetwork", "pods", { subnet: web, ...cluster, ...args });
  };

async function made(args: ValueMap, subnet: ValueMap = {}) {
  const world = new World([{}, {}]);
  const engine = new Engine(world.handlers);
  const run = await engine.up(program(world, podNetwork(args), subnet));
  const [outputs = {}] = [...run.outputs.values()]
    .filter(({ urn }) => urn.endsWith("PodNetwork::pods"))
    .map((one) => one.outputs);
  const objects = [...engine.state.values()].filter(({ type }) => type.startsWith("kubernetes:"));
  return { outputs, objects };
}
const listOf = (outputs: ValueMap, host: string): unknown => {
  const lists = outputs["cniConfigLists"] as Readonly<Record<string, string>>;
  return JSON.parse(lists[host] ?? "null");
};

test("with addresses of endpoints, the cluster has one list for all nodes", async () => {
  const { outputs, objects } = await made({ namespace: "shop", routes: ["10.20.0.0/16"] });
  expect(outputs["networkName"]).toBe("shop/pods");
  const [object] = objects;
  expect(object?.type).toBe("kubernetes:k8s.cni.cncf.io/v1:NetworkAttachmentDefinition");
  expect(object?.inputs["metadata"]).toMatchObject({ name: "pods", namespace: "shop" });
  const { config } = object?.inputs["spec"] as { config: string };
  expect(JSON.parse(config)).toMatchObject({
    name: "pods",
    plugins: [{ bridge: "sdn-b-5001", ipam: { type: "static" } }],
  });
  expect(listOf(outputs, "h1")).toEqual(JSON.parse(config));
  expect(listOf(outputs, "h2")).toEqual(JSON.parse(config));
});

test("with addresses of hosts, each has a list with its own range, and the cluster one without", async () => {
  const { outputs, objects } = await made({ mode: "hosts", namespace: "shop" });
  expect(objects.map(({ inputs }) => inputs["spec"])).toEqual([{}]);
  const ranges = ["h1", "h2"].map((host) => JSON.stringify(listOf(outputs, host)));
  for (const range of ranges) expect(range).toMatch(/"rangeStart":"10\.20\.1\.\d+","rangeEnd":"10\.20\.1\.\d+"/);
  expect(ranges[0]).not.toBe(ranges[1]);
});

test("without a cluster there are lists alone", async () => {
  const { outputs, objects } = await made({ mode: "hosts" });
  expect(objects).toEqual([]);
  expect(outputs["networkName"]).toBe("pods");
  expect(listOf(outputs, "h1")).toMatchObject({ name: "pods" });
});

test("a network of OVN-Kubernetes has the subnet's addresses and MTU, and another name when they change", async () => {
  const one = await made({ mode: "ovn", namespace: "shop" }, { hosts: [] });
  const other = await made({ mode: "ovn", namespace: "shop" }, { hosts: [], cidr: "10.20.2.0/24" });
  expect(one.objects.map(({ type, inputs }) => [type, inputs["spec"]])).toEqual([
    [
      "kubernetes:k8s.ovn.org/v1:UserDefinedNetwork",
      { topology: "Layer2", layer2: { role: "Secondary", mtu: 1450, subnets: ["10.20.1.0/24"] } },
    ],
  ]);
  expect(one.outputs["networkName"]).toMatch(/^shop\/pods-\w{10}$/);
  expect(other.outputs["networkName"]).not.toBe(one.outputs["networkName"]);
  expect(one.outputs["cniConfigLists"]).toEqual({});
});

test.each<[string, ValueMap, ValueMap, string]>([
  [
    "a network of OVN-Kubernetes on hosts",
    { mode: "ovn", namespace: "shop" },
    {},
    "which does not reach the subnet on h1, h2",
  ],
  [
    "ranges that engines hand out",
    { mode: "hosts" },
    { docker: true },
    "the engines of the hosts hand out addresses of the same ranges",
  ],
  [
    "a way without a gateway",
    { routes: ["0.0.0.0/0"] },
    { internal: true },
    "routes[0]: the subnet has no IPv4 gateway",
  ],
])("refused: %s", async (_, args, subnet, message) => {
  await expect(made(args, subnet)).rejects.toThrow(message);
});

test.each<[string, ValueMap, string]>([
  [
    "a cluster without a namespace",
    { cluster: new ResourceReference(urnOf("sdn:index:KubernetesCluster", "prod"), "", "") },
    "namespace: is required and missing",
  ],
  ["a namespace without a cluster", { namespace: "shop" }, "cluster: is required and missing"],
  ["OVN-Kubernetes without a cluster", { mode: "ovn" }, "cluster: is required and missing"],
  ["another mode", { mode: "dhcp" }, 'mode: must be one of "endpoints", "hosts", "ovn"'],
  ["no subnet", { subnet: "web" }, "subnet: must be a resource of type sdn:index:Subnet"],
])("refused at once: %s", (_, args, message) => {
  const subnet = new ResourceReference(urnOf("sdn:index:Subnet", "web"), "", "");
  const handler = new World().handlers.components.get("sdn:index:PodNetwork")?.();
  const failures = handler?.check({ subnet, ...args }) ?? [];
  expect(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n")).toContain(message);
});

test.each(["endpoints", "hosts", "ovn"])(
  "a preview with %s, before the subnet is known, says which kind of object comes",
  async (mode) => {
    const subnet = urnOf("sdn:index:Subnet", "web");
    const world = new World();
    const engine = new Engine(world.handlers);
    const run = await engine.preview(async (one) => {
      const prod = await one.add("sdn:index:KubernetesCluster", "prod", {});
      one.outputs.set(subnet, {
        urn: subnet,
        id: "",
        outputs: { vni: unknown, mtu: unknown, cidr: unknown, hosts: [] },
      });
      const args = { subnet: new ResourceReference(subnet, "", ""), cluster: prod, namespace: "shop", mode };
      await one.add("sdn:index:PodNetwork", "pods", args);
    });
    const kind = mode === "ovn" ? "UserDefinedNetwork" : "NetworkAttachmentDefinition";
    expect(run.done).toEqual([`create ${kind} pods`]);
  },
);
