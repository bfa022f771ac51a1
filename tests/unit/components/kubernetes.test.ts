/** Clusters in a fabric: what of a policy goes to hosts, what to clusters, and what neither can have. */
import type { ResourceReference, Value, ValueMap } from "../../../provider/src/rpc/value";
import { unknown } from "../../../provider/src/rpc/value";
import { Engine } from "../../support/engine";
import type { Run, Stored } from "../../support/engine";
import { endpointOn, shop, subnetOf } from "../../support/programs";
import { World } from "../../support/world";

interface Made {
  readonly run: Run;
  readonly fabric: ResourceReference;
  readonly prod: ResourceReference;
  readonly web: ResourceReference;
  readonly web1: ResourceReference;
  /** Pods of the namespace `shop` with that label. */
  pods(app: string, cluster?: ResourceReference): ValueMap;
  group(name: string, ...members: readonly Value[]): Promise<ResourceReference>;
  policy(name: string, args: ValueMap): Promise<ResourceReference>;
}

interface Setting {
  readonly cluster?: ValueMap;
  /** Clusters of the fabric. Default: `prod`. */
  readonly clusters?: readonly ResourceReference[];
  readonly hosts?: number;
}

const addresses = { podCidrs: ["10.244.0.0/16"], nodeCidrs: ["192.0.2.64/28"] };
const closed = { ingress: "isolate", egress: "continue" };
const open = { ingress: "continue", egress: "continue" };

/** A cluster and hosts in one fabric, with a network on the hosts; then what the test says. */
async function program(then: (made: Made) => Promise<unknown>, setting: Setting = {}, engine = newEngine(setting)) {
  const run = await engine.up(programOf(then, setting));
  return { engine, run };
}
const worldOf = ({ hosts = 1 }: Setting): World => new World(Array.from({ length: hosts }, () => ({})));
const newEngine = (setting: Setting): Engine => new Engine(worldOf(setting).handlers);

function programOf(then: (made: Made) => Promise<unknown>, setting: Setting) {
  return async (run: Run): Promise<void> => {
    const world = worldOf(setting);
    const prod = await run.add("sdn:index:KubernetesCluster", "prod", { ...addresses, ...setting.cluster });
    const made = await shop(run, world, { fabric: { clusters: setting.clusters ?? [prod] } });
    const web = await subnetOf(run, made, "web", { cidr: "10.20.1.0/24" });
    const place = { subnet: web, ipv4Address: "10.20.1.9", labels: { app: "web" } };
    const web1 = await endpointOn(run, made.hosts[0], "web1", place);
    const { fabric } = made;
    await then({
      run,
      fabric,
      prod,
      web,
      web1,
      pods: (app, cluster = prod) => ({
        pods: { cluster, namespace: "shop", podLabels: { matchLabels: { app } } },
      }),
      group: (name, ...members) => run.add("sdn:index:SecurityGroup", name, { members }),
      policy: (name, args) =>
        run.add("sdn:index:FirewallPolicy", name, { fabric, priority: 7, defaults: closed, ...args }),
    });
  };
}

const ofType = (engine: Engine, type: string): readonly Stored[] =>
  [...engine.state.values()].filter((one) => one.type.startsWith(type));
const hostSpecs = (engine: Engine): readonly ValueMap[] =>
  ofType(engine, "sdn:firewall:Policy").map(({ inputs }) => inputs["spec"] as ValueMap);

describe("a policy about pods", () => {
  test("is an object of the cluster, made by the provider that the cluster was given, and nothing on hosts", async () => {
    let outputs: ValueMap = {};
    const { engine } = await program(async ({ run, pods, group, policy }) => {
      const [db, web] = [await group("db", pods("db")), await group("webs", pods("web"))];
      const rules = [{ name: "shop", direction: "ingress", action: "allow", from: [{ group: web }] }];
      outputs = run.outputsOf(await policy("guard", { appliesTo: [{ group: db }], rules }));
    });
    const [object, ...others] = ofType(engine, "kubernetes:");
    expect(others).toEqual([]);
    expect(object?.type).toBe("kubernetes:networking.k8s.io/v1:NetworkPolicy");
    expect(object?.urn).toMatch(/FirewallPolicy\$kubernetes:networking\.k8s\.io\/v1:NetworkPolicy::guard-prod-\w{10}$/);
    expect(object?.inputs).toMatchObject({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { namespace: "shop", annotations: { "sdn/owner": "shop/dev:policy guard" } },
      spec: { podSelector: { matchLabels: { app: "db" } }, policyTypes: ["Ingress"], ingress: [{ from: [{}] }] },
    });
    expect(hostSpecs(engine)).toEqual([]);
    expect(outputs).toMatchObject({ hosts: [], clusters: ["prod"], pending: [] });
  });

  test("is nothing more when it is taken out, and its object stays when only rules change", async () => {
    const setting = {};
    const engine = newEngine(setting);
    const guard =
      (ports: string) =>
      async ({ pods, group, policy }: Made) => {
        const db = await group("db", pods("db"));
        const rules = [{ name: "shop", direction: "ingress", action: "allow", services: [{ protocol: "tcp", ports }] }];
        await policy("guard", { appliesTo: [{ group: db }], rules });
      };
    await program(guard("80"), setting, engine);
    const { run } = await program(guard("81"), setting, engine);
    expect(run.done).toEqual([expect.stringMatching(/^update NetworkPolicy guard-prod-\w{10}: spec$/)]);
    const gone = await program(({ pods, group }) => group("db", pods("db")), setting, engine);
    expect(gone.run.done).toEqual([expect.stringMatching(/^delete NetworkPolicy guard-prod-/)]);
  });

  test("of a fabric without hosts needs none", async () => {
    const engine = newEngine({});
    await engine.up(async (run) => {
      const prod = await run.add("sdn:index:KubernetesCluster", "prod", {});
      const fabric = await run.add("sdn:index:Fabric", "dc", { hosts: [], clusters: [prod] });
      const db = await run.add("sdn:index:SecurityGroup", "db", {
        members: [{ pods: { cluster: prod, namespace: "shop" } }],
      });
      await run.add("sdn:index:FirewallPolicy", "guard", {
        fabric,
        priority: 1,
        appliesTo: [{ group: db }],
        defaults: closed,
      });
    });
    expect(ofType(engine, "kubernetes:").map(({ inputs }) => inputs["spec"])).toEqual([
      { podSelector: {}, policyTypes: ["Ingress"] },
    ]);
    expect(hostSpecs(engine)).toEqual([]);
  });

  test("shows in a preview which objects there will be, before all of their rules are known", async () => {
    const setting = {};
    const run = await newEngine(setting).preview(
      programOf(async ({ pods, group, policy }) => {
        const rules = [{ name: "office", direction: "ingress", action: "allow", from: [{ cidr: unknown }] }];
        await policy("guard", { appliesTo: [{ group: await group("db", pods("db")) }], rules });
      }, setting),
    );
    expect(run.done).toContainEqual(expect.stringMatching(/^create NetworkPolicy guard-prod-\w{10}$/));
    const object = [...run.outputs.values()].find(({ urn }) => urn.includes("NetworkPolicy::"));
    expect(object?.outputs["spec"]).toBe(unknown);
  });
});

describe("a policy about pods and endpoints", () => {
  const mixed = async ({ pods, group, policy, prod, web1, web }: Made): Promise<unknown> => {
    const everybody = await group("everybody", { cluster: prod }, { endpoint: web1 });
    const rules = [
      { name: "in", direction: "ingress", action: "allow", from: [{ group: everybody }] },
      { name: "out", direction: "egress", action: "allow", to: [{ group: everybody }, { subnet: web }] },
    ];
    const all = await group("all", pods("db"), { endpoint: web1 });
    const defaults = { ingress: "isolate", egress: "isolate" };
    return policy("guard", { appliesTo: [{ group: all }], defaults, rules, onClose: "keep" });
  };

  test("is enforced on both sides: pods are addresses to hosts, endpoints are addresses to the cluster", async () => {
    const { engine } = await program(mixed);
    const endpoint = expect.objectContaining({ kind: "endpoint", name: "web1" }) as unknown;
    const cluster = ["10.244.0.0/16", "192.0.2.64/28"].map((cidr) => ({ kind: "cidr", cidr }));
    expect(hostSpecs(engine)).toEqual([
      expect.objectContaining({
        appliesTo: [{ kind: "group", name: "all" }],
        groups: [
          { name: "all", members: [endpoint] },
          { name: "everybody", members: [...cluster, endpoint] },
        ],
      }),
    ]);
    const block = (cidr: string) => ({ ipBlock: { cidr } });
    const inside = { namespaceSelector: {}, podSelector: {} };
    expect(ofType(engine, "kubernetes:").map(({ inputs }) => inputs["spec"])).toEqual([
      {
        podSelector: { matchLabels: { app: "db" } },
        policyTypes: ["Egress", "Ingress"],
        ingress: [{ from: [block("10.20.1.9/32"), inside] }],
        egress: [{ to: [block("10.20.1.9/32"), inside, block("10.20.1.0/24")] }],
      },
    ]);
  });

  test("warns that a cluster does not promise to end open flows, unless nobody wants it to", async () => {
    const quiet = await program(mixed);
    expect(quiet.run.call.warnings).toEqual([]);
    const loud = await program(async ({ pods, group, policy }) =>
      policy("guard", { appliesTo: [{ group: await group("db", pods("db")) }] }),
    );
    expect(loud.run.call.warnings).toEqual([expect.stringContaining("network plugin of cluster prod decides")]);
  });
});

describe("refused", () => {
  const allow = (from: Value): ValueMap => ({
    rules: [{ name: "in", direction: "ingress", action: "allow", from: [from] }],
  });

  test.each<[string, (made: Made) => Promise<unknown>, string, Setting]>([
    [
      "pods by label as the other side of a policy on hosts",
      async ({ pods, group, policy, web }) =>
        policy("guard", { appliesTo: [{ subnet: web }], ...allow({ group: await group("webs", pods("web")) }) }),
      "they cannot tell pods apart by their labels",
      {},
    ],
    [
      "a cluster without addresses as the other side of a policy on hosts",
      async ({ group, policy, prod, web }) =>
        policy("guard", { appliesTo: [{ subnet: web }], ...allow({ group: await group("all", { cluster: prod }) }) }),
      "they know the cluster by its addresses, which it does not say",
      { cluster: { podCidrs: [], nodeCidrs: [] } },
    ],
    [
      "pods of a cluster that is not of the fabric",
      async ({ pods, group, policy }) => policy("guard", { appliesTo: [{ group: await group("db", pods("db")) }] }),
      "has pods of cluster prod, which is not of fabric dc",
      { clusters: [] },
    ],
    [
      "what the cluster cannot express, by rule and reason",
      async ({ pods, group, policy }) =>
        policy("guard", {
          appliesTo: [{ group: await group("db", pods("db")) }],
          rules: [{ name: "in", direction: "ingress", action: "reject" }],
        }),
      "rule in: cluster prod drops silently and cannot reject",
      {},
    ],
    [
      "two policies in one place of the cluster",
      async ({ pods, group, policy }) => {
        const db = { group: await group("db", pods("db")) };
        await policy("one", { tier: "admin", appliesTo: [db], defaults: open });
        await policy("two", { tier: "admin", appliesTo: [db], defaults: { ...open, egress: "deny" } });
        await policy("three", { tier: "admin", appliesTo: [db], defaults: { ...open, egress: "allow" } });
      },
      "policy two has the same priority of tier admin on cluster prod",
      { cluster: { policyApi: "v1alpha2" } },
    ],
    [
      "a second baseline of the old API",
      async ({ pods, group, policy }) => {
        const db = { group: await group("db", pods("db")) };
        const defaults = { ...open, egress: "deny" };
        await policy("one", { tier: "baseline", appliesTo: [db], defaults });
        await policy("two", { tier: "baseline", appliesTo: [db], defaults, priority: 9 });
      },
      "policy one is the one of tier baseline on cluster prod",
      { cluster: { policyApi: "v1alpha1" } },
    ],
  ])("%s", async (_, then, message, setting) => {
    await expect(program(then, setting)).rejects.toThrow(message);
  });

  test.each<[string, ValueMap, string]>([
    ["nothing but a label of pods", { pods: { podLabels: {} } }, "members[0].pods.cluster: is required and missing"],
    ["a namespace in two ways", { pods: { cluster: "", namespace: "a", namespaceLabels: {} } }, "excludes namespace"],
    [
      "what is no namespace",
      { pods: { cluster: "", namespace: "A_b" } },
      "the value is not a name that Kubernetes takes",
    ],
    ["a block that is none", { cluster: "web" }, "must be a resource of type sdn:index:KubernetesCluster"],
  ])("a group that has %s", (_, member, message) => {
    const handler = worldOf({}).handlers.components.get("sdn:index:SecurityGroup")?.();
    const failures = handler?.check({ members: [member] }) ?? [];
    expect(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n")).toContain(message);
  });
});

test("networks are never taken from the addresses of a cluster", async () => {
  const cluster = { podCidrs: ["10.128.0.0/10"], serviceCidrs: ["10.96.0.0/12"] };
  const { run } = await program(
    ({ fabric, run: one }) => one.add("sdn:index:VirtualNetwork", "other", { fabric, prefixLength: 16 }),
    { cluster },
  );
  const network = [...run.outputs.values()].find(({ urn }) => urn.endsWith("VirtualNetwork::other"));
  expect(network?.outputs["cidr"]).toMatch(/^10\.(19[2-9]|2\d\d)\./);
});

test("a cluster without a provider of its own is refused: the default one is of whichever cluster is at hand", async () => {
  const engine = newEngine({});
  Object.assign(engine, { providers: {} });
  const made = engine.up((run) => run.add("sdn:index:KubernetesCluster", "prod", {}).then(() => undefined));
  await expect(made).rejects.toThrow("give it with the option providers");
});
