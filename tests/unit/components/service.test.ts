/** Service entries: what is refused, what reaches the hosts, and how addresses are chosen and kept. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import { ResourceReference, Secret, unknown } from "../../../provider/src/rpc/value";
import type { Program } from "../../support/engine";
import { Engine, InvalidInputs } from "../../support/engine";
import { endpointOn, shop, subnetOf } from "../../support/programs";
import { urnOf, World } from "../../support/world";

const reference = (type: string, name: string): ResourceReference => new ResourceReference(urnOf(type, name), "id", "");
const network = reference("sdn:index:VirtualNetwork", "shop");
const endpoint = reference("sdn:index:Endpoint", "web1");
const ports = [{ port: 80 }];

function failuresOf(inputs: ValueMap): readonly string[] {
  const component = new World().handlers.components.get("sdn:index:ServiceEntry")?.();
  return (component?.check(inputs) ?? []).map(({ property, reason }) => `${property}: ${reason}`);
}

describe("what is refused", () => {
  test.each<[string, ValueMap, readonly string[]]>([
    ["nothing is wrong", { network, ports, backends: [{ endpoint }] }, []],
    ["nobody answers yet", { network, ports, backends: [] }, []],
    [
      "unknown and secret values",
      { network: new Secret(network), ports: unknown, backends: unknown, vip: unknown },
      [],
    ],
    [
      "nothing is given",
      {},
      [
        "network: is required and missing. Give the VirtualNetwork resource itself.",
        "backends: is required and missing. Give who answers; an empty list for nobody yet.",
        "ports: is required and missing. Give the ports that are balanced, or headless: true.",
      ],
    ],
    [
      "a port twice, and numbers out of range",
      {
        network,
        backends: [{ endpoint, weight: 0 }],
        ports: [{ port: 80 }, { port: 80, protocol: "tcp" }, { port: 80, protocol: "udp" }, { port: 70_000 }],
        ttl: 100_000,
      },
      [
        "ports[3].port: must be a whole number from 1 to 65535 (got 70000).",
        "ports[1].port: ports[0] has it already (got 80). Give each port of a protocol once.",
        "backends[0].weight: must be a whole number from 1 to 255 (got 0).",
        "ttl: must be a whole number from 0 to 86400 (got 100000).",
      ],
    ],
    [
      "backends that say two things or none",
      { network, ports, backends: [{ endpoint, address: "10.20.1.5" }, { weight: 2 }] },
      [
        "backends[0]: endpoint and address exclude each other. Write an item for each.",
        "backends[1]: says nothing. Give one of endpoint, group, address, externalName.",
      ],
    ],
    [
      "names and addresses that are none",
      {
        network,
        ports: [{ port: 80, name: "not a name" }],
        backends: [{ address: "10.20.1" }],
        names: ["under_score"],
      },
      [
        'names[0]: the value is not a valid DNS name (got "under_score"). Write labels of 1 to 63 letters, digits or inner hyphens separated by dots, at most 253 characters in all, the last label not all digits.',
        'ports[0].name: is not a service name (RFC 6335) (got "not a name"). Write 1 to 15 letters, digits or single hyphens between them, with a letter, such as http.',
        'backends[0].address: the value is not an IP address (got "10.20.1"). Write an address such as 192.0.2.10 or 2001:db8::10.',
      ],
    ],
    [
      "a headless entry with an address",
      { network, headless: true, vip: "198.18.0.1", backends: [{ endpoint }] },
      ["vip: a headless entry has no address. Leave vip out."],
    ],
    [
      "a name outside behind a virtual address, and beside others",
      { network, ports, backends: [{ externalName: "db.example.com" }, { endpoint }] },
      [
        "backends[0]: a name that stands for another is nothing else (RFC 1034, 3.6.2). Let it be alone.",
        "backends[0].externalName: no virtual address can lead to a name. Write headless: true, or address: for a fixed address.",
      ],
    ],
    [
      "a property that is not there, with its neighbours",
      { network, ports, backends: [], loadBalancing: "random" },
      [
        "loadBalancing: is not a property here. The properties are affinity, backends, balancing, driver, expose, headless, healthCheck, ipv6Vip, names, network, ports, sendProxy, ttl, vip.",
      ],
    ],
  ])("%s", (_what, inputs, failures) => {
    expect(failuresOf(inputs)).toEqual(failures);
  });
});

type More = (
  run: Parameters<Program>[0],
  place: { readonly network: ResourceReference; readonly fabric: ResourceReference },
) => Promise<void>;

/** Two hosts, subnet web with two endpoints, and what a test adds. */
const program =
  (world: World, more: More, args: ValueMap = {}): Program =>
  async (run) => {
    const place = await shop(run, world, { network: args });
    const web = await subnetOf(run, place, "web", { cidr: "10.20.1.0/24" });
    for (const [index, name] of ["web1", "web2"].entries()) {
      await endpointOn(run, place.hosts[index], name, { subnet: web, namespace: { name: "left" } });
    }
    await more(run, place);
  };
const entry =
  (name: string, args: ValueMap): More =>
  async (run, place) => {
    await run.add("sdn:index:ServiceEntry", name, { network: place.network, ports, ...args });
  };
const web = (name: string): ResourceReference => reference("sdn:index:Endpoint", name);

function twoHosts(): World {
  const world = new World([{}, {}]);
  for (const { model } of world.hosts) model.addNamespace("left");
  return world;
}
const specOf = (engine: Engine, name: string): ValueMap =>
  [...engine.state.values()].find(({ urn }) => urn.endsWith(`Service::${name}`))?.inputs["spec"] as ValueMap;
async function failureOf(more: More, args?: ValueMap): Promise<string> {
  const world = twoHosts();
  const failure: unknown = await new Engine(world.handlers)
    .preview(program(world, more, args))
    .catch((thrown: unknown) => thrown);
  return failure instanceof InvalidInputs ? failure.message : (failure as Error).message;
}

describe("what reaches the hosts", () => {
  test("each host of the network gets the entry, with the MAC addresses of the endpoints", async () => {
    const world = twoHosts();
    const engine = new Engine(world.handlers);
    const backends = [{ endpoint: web("web1") }, { endpoint: web("web2"), weight: 3 }, { address: "10.20.9.9" }];
    await engine.up(program(world, entry("front", { backends, vip: "198.18.0.10" })));
    expect(specOf(engine, "front-h1")).toEqual(specOf(engine, "front-h2"));
    const spec = specOf(engine, "front-h1");
    const neighbour = { vni: expect.any(Number) as number, mac: expect.stringMatching(/^02:42:/) as string };
    expect(spec).toMatchObject({
      name: "front",
      ipv4: "198.18.0.10",
      pools: ["198.18.0.0/15"],
      dns: { zone: "shop.sdn.internal", names: ["front.shop.sdn.internal"], ttl: 5, upstreams: [] },
      balancing: "round-robin",
      ports: [{ protocol: "tcp", port: 80, targetPort: 80 }],
      backends: [
        { kind: "address", weight: 1, neighbour },
        { kind: "address", weight: 3, neighbour },
        { kind: "address", address: "10.20.9.9", weight: 1 },
      ],
    });
    expect(spec).not.toHaveProperty("ipv6");
    expect((await engine.refresh()).warnings).toEqual([]);
    expect((await engine.up(program(world, entry("front", { backends, vip: "198.18.0.10" })))).done).toEqual([]);
  });

  test("a group's endpoints are its backends; a group that goes by labels is refused", async () => {
    const world = twoHosts();
    const engine = new Engine(world.handlers);
    const grouped: More = async (run, place) => {
      const members = [{ endpoint: web("web1") }, { endpoint: web("web2") }];
      const group = await run.add("sdn:index:SecurityGroup", "webs", { members });
      await entry("front", { backends: [{ group }] })(run, place);
    };
    await engine.up(program(world, grouped));
    expect(specOf(engine, "front-h1")["backends"]).toHaveLength(2);
    const labelled: More = async (run, place) => {
      const members = [{ labels: { matchLabels: { app: "web" } } }];
      const group = await run.add("sdn:index:SecurityGroup", "webs", { members });
      await entry("front", { backends: [{ group }] })(run, place);
    };
    expect(await failureOf(labelled)).toBe(
      'backends[0].group: holds members by labels, of which nobody knows what ports they serve (got "webs"). Give a group that names its endpoints one by one, or the endpoints themselves.',
    );
  });

  test("a policy names an entry as a peer, and means whoever answers for it", async () => {
    const world = twoHosts();
    const engine = new Engine(world.handlers);
    const named: More = async (run, place) => {
      const backends = [{ endpoint: web("web1") }, { address: "10.20.9.9" }];
      const front = await run.add("sdn:index:ServiceEntry", "front", { network: place.network, ports, backends });
      await run.add("sdn:index:FirewallPolicy", "clients", {
        fabric: place.fabric,
        priority: 10,
        appliesTo: [{ endpoint: web("web2") }],
        rules: [{ name: "front", direction: "egress", action: "allow", to: [{ service: front }] }],
        defaults: { ingress: "continue", egress: "deny" },
      });
    };
    await engine.up(program(world, named));
    const policy = [...engine.state.values()].find(({ type }) => type === "sdn:firewall:Policy");
    const spec = policy?.inputs["spec"] as ValueMap;
    expect(spec["groups"]).toMatchObject([
      {
        name: "service.front",
        members: [
          { kind: "endpoint", name: "web1", addresses: [expect.stringMatching(/^10\.20\.1\./)] },
          { kind: "cidr", cidr: "10.20.9.9/32" },
        ],
      },
    ]);
    expect((await engine.refresh()).warnings).toEqual([]);
  });

  test("a network with a way out asks the host's resolvers for the rest", async () => {
    const world = twoHosts();
    const engine = new Engine(world.handlers);
    await engine.up(
      program(world, entry("front", { backends: [], names: ["Shop", "api.example.com"] }), { egress: "nat" }),
    );
    expect(specOf(engine, "front-h1")["dns"]).toEqual({
      zone: "shop.sdn.internal",
      names: ["shop.shop.sdn.internal", "api.example.com"],
      ttl: 5,
      upstreams: "host",
    });
  });

  test("a headless entry has no address, and a name outside is all that it says", async () => {
    const world = twoHosts();
    const engine = new Engine(world.handlers);
    const args = { headless: true, ports: [], backends: [{ externalName: "DB.example.com" }] };
    await engine.up(program(world, entry("db", args)));
    expect(specOf(engine, "db-h1")).toMatchObject({
      backends: [{ kind: "external", name: "db.example.com" }],
    });
    expect([...engine.state.values()].filter(({ type }) => type === "sdn:ipam:ServiceAllocation")).toEqual([]);
  });
});

describe("virtual addresses", () => {
  test("one is chosen, kept while other things change, and no other entry gets it", async () => {
    const world = twoHosts();
    const engine = new Engine(world.handlers);
    await engine.up(program(world, entry("front", { backends: [] })));
    const vip = specOf(engine, "front-h1")["ipv4"] as string;
    expect(vip).toMatch(/^198\.1[89]\./);
    await engine.up(program(world, entry("front", { backends: [{ endpoint: web("web1") }] })));
    expect(specOf(engine, "front-h1")["ipv4"]).toBe(vip);
    const two: More = async (run, place) => {
      await entry("front", { backends: [] })(run, place);
      await entry("api", { backends: [], vip })(run, place);
    };
    expect(await failureOf(two)).toBe(
      `service api, vip: ${vip} is taken by service front of shop/dev (got "${vip}"). Choose an address of 198.18.0.0/15 (Fabric.serviceCidr) that no service has, or leave vip out.`,
    );
  });

  test.each<[string, ValueMap, string]>([
    [
      "an address outside of the fabric's block",
      { vip: "203.0.113.5", backends: [] },
      'service front, vip: 203.0.113.5 is not inside pool 198.18.0.0/15 (got "203.0.113.5"). Choose an address of 198.18.0.0/15 (Fabric.serviceCidr) that no service has, or leave vip out.',
    ],
    [
      "an IPv6 address in a network without IPv6",
      { ipv6Vip: "fd73:646e:7376::5", backends: [] },
      "ipv6Vip: the network has no IPv6. Leave ipv6Vip out, or give the network an IPv6 address space.",
    ],
    [
      "the same backend twice",
      { backends: [{ endpoint: web("web1") }, { address: "10.20.1.5" }, { address: "10.20.1.5" }] },
      'backends: is in the list twice (got "10.20.1.5"). Give each backend once, with a weight where it is to get more.',
    ],
  ])("%s is refused at preview", async (_what, args, message) => {
    expect(await failureOf(entry("front", args))).toBe(message);
  });
});
