/** Service entries that a process balances: what is refused, what reaches the hosts, what a preview says. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import { ResourceReference, unknown } from "../../../provider/src/rpc/value";
import type { Program } from "../../support/engine";
import { Engine } from "../../support/engine";
import { shop } from "../../support/programs";
import { urnOf, World } from "../../support/world";

const network = new ResourceReference(urnOf("sdn:index:VirtualNetwork", "shop"), "id", "");
const ports = [{ port: 80, targetPort: 8080 }];
const backends = [{ address: "10.20.1.5" }];

function failuresOf(inputs: ValueMap): readonly string[] {
  const component = new World().handlers.components.get("sdn:index:ServiceEntry")?.();
  const failures = component?.check({ network, ports, backends, ...inputs }) ?? [];
  return failures.map(({ property, reason }) => `${property}: ${reason}`);
}

describe("what is refused", () => {
  const byHaproxy = "Write driver: haproxy; backends then see the router's address.";
  test.each<[string, ValueMap, readonly string[]]>([
    [
      "HAProxy with all that it can",
      { driver: "haproxy", healthCheck: {}, affinity: { seconds: 60 }, sendProxy: true },
      [],
    ],
    ["NGINX with UDP", { driver: "nginx", balancing: "least-connections", ports: [{ port: 53, protocol: "udp" }] }, []],
    [
      "what is not known yet",
      { driver: unknown, healthCheck: unknown, affinity: unknown, balancing: "least-connections" },
      [],
    ],
    [
      "a health check of values not known yet",
      { driver: "haproxy", healthCheck: { protocol: unknown, path: "/" } },
      [],
    ],
    [
      "a health check without a driver",
      { healthCheck: {} },
      [`healthCheck: nftables asks no backend how it is. ${byHaproxy}`],
    ],
    [
      "affinity with nftables",
      { driver: "nft", affinity: { seconds: 60 } },
      [`affinity: nftables remembers no client. ${byHaproxy.slice(0, -1)}. Or balancing: source-hash.`],
    ],
    [
      "the fewest connections without a driver",
      { balancing: "least-connections" },
      ['balancing: nftables counts no connections (got "least-connections"). Write driver: haproxy, or nginx.'],
    ],
    [
      "what NGINX has in its paid version alone",
      { driver: "nginx", healthCheck: { protocol: "http" }, affinity: { seconds: 60 } },
      [
        "healthCheck: NGINX asks backends by itself only in its paid version. Write driver: haproxy, or leave it out: who takes no connection gets none for 10 seconds.",
        "affinity: NGINX remembers clients only in its paid version. Write driver: haproxy, or balancing: source-hash.",
      ],
    ],
    [
      "the PROXY protocol without HAProxy",
      { driver: "nginx", sendProxy: true },
      ["sendProxy: NGINX speaks version 1 alone. Leave it out, or write driver: haproxy."],
    ],
    [
      "UDP with HAProxy",
      { driver: "haproxy", ports: [{ port: 80 }, { port: 53, protocol: "udp" }] },
      [
        'ports[1].protocol: HAProxy balances no UDP (got "udp"). Write driver: nft or nginx, or make an entry of its own for the port.',
      ],
    ],
    [
      "a driver for a headless entry",
      { driver: "haproxy", headless: true },
      ['driver: a headless entry balances nothing (got "haproxy"). Leave driver out, or headless.'],
    ],
    [
      "times and numbers out of range",
      { driver: "haproxy", healthCheck: { interval: 2, timeout: 3, healthyAfter: 0 }, affinity: {} },
      [
        "healthCheck.healthyAfter: must be a whole number from 1 to 100 (got 0).",
        "healthCheck.timeout: is longer than interval (got 3). Make it as long at the most.",
        "affinity.seconds: is required and missing. Give for how long.",
      ],
    ],
    [
      "what HTTP asks for in a check of TCP",
      { driver: "haproxy", healthCheck: { path: "/healthz" } },
      ["healthCheck.path: is of http, and protocol is tcp. Write protocol: http, or leave it out."],
    ],
    [
      "words that would mean something else to HAProxy",
      {
        driver: "haproxy",
        healthCheck: { protocol: "http", path: "/ ok\nbind :80", host: "a b", expectedStatus: "200 or" },
      },
      [
        'healthCheck.path: is not a path that is asked for (got "/ ok\\nbind :80"). Write up to 200 letters, digits and -._~/?=&,:@+ that begin with /.',
        'healthCheck.host: the value is not a valid DNS name (got "a b"). Write labels of 1 to 63 letters, digits or inner hyphens separated by dots, at most 253 characters in all, the last label not all digits.',
        'healthCheck.expectedStatus: is not a status of HTTP (got "200 or"). Write a number such as 200, or two such as 200-399.',
      ],
    ],
  ])("%s", (_what, inputs, failures) => {
    expect(failuresOf(inputs)).toEqual(failures);
  });
});

const program =
  (world: World, args: ValueMap): Program =>
  async (run) => {
    const place = await shop(run, world, {});
    await run.add("sdn:index:ServiceEntry", "front", { network: place.network, ports, backends, ...args });
  };
const specOf = (engine: Engine): ValueMap =>
  [...engine.state.values()].find(({ urn }) => urn.endsWith("Service::front-h1"))?.inputs["spec"] as ValueMap;

describe("what reaches the hosts", () => {
  test("the driver with its health check, and nothing of nftables", async () => {
    const world = new World([{}]);
    const engine = new Engine(world.handlers);
    const healthCheck = { protocol: "http", path: "/healthz", expectedStatus: 204, interval: 5 };
    const args = { driver: "haproxy", balancing: "least-connections", healthCheck, affinity: { seconds: 60 } };
    await engine.up(program(world, args));
    expect(specOf(engine)).not.toHaveProperty("balancing");
    expect(specOf(engine)["balancer"]).toEqual({
      driver: "haproxy",
      balancing: "least-connections",
      healthCheck: {
        protocol: "http",
        path: "/healthz",
        expectedStatus: "204",
        interval: 5,
        timeout: 1,
        healthyAfter: 2,
        unhealthyAfter: 3,
      },
      affinity: 60,
      sendProxy: false,
    });
    expect([...(world.hosts[0]?.model.contents.balancers.keys() ?? [])]).toHaveLength(1);
    expect((await engine.refresh()).warnings).toEqual([]);
    expect((await engine.up(program(world, args))).done).toEqual([]);
  });

  test("an entry without a driver says nothing of one", async () => {
    const world = new World([{}]);
    const engine = new Engine(world.handlers);
    await engine.up(program(world, {}));
    expect(specOf(engine)).not.toHaveProperty("balancer");
  });

  test("a process that somebody ended is found by a refresh and started by the next up", async () => {
    const world = new World([{}]);
    const engine = new Engine(world.handlers);
    await engine.up(program(world, { driver: "haproxy" }));
    const model = world.hosts[0]?.model;
    model?.change(({ balancers }) => {
      for (const one of balancers.values()) one.running = undefined;
    });
    const { warnings } = await engine.refresh();
    expect(warnings).toEqual([
      expect.stringMatching(/^host h1: HAProxy does not run in sdn-r-\d+\. `pulumi up` repairs it\.$/),
    ]);
    expect((await engine.up(program(world, { driver: "haproxy" }))).done).toEqual(["update Service front-h1: drift"]);
    expect((await engine.refresh()).warnings).toEqual([]);
  });
});

describe("what a preview says", () => {
  const lost = "driver: backends and their firewall policies see an address of the router, not the client's.";
  test.each<[string, ValueMap, readonly string[]]>([
    ["nothing of nftables", {}, []],
    [
      "that the client's address is lost, and what brings it back",
      { driver: "haproxy" },
      [`${lost} Backends that know the PROXY protocol are told it with sendProxy: true.`],
    ],
    ["that nothing brings it back with NGINX", { driver: "nginx" }, [lost]],
    ["nothing where backends are told it", { driver: "haproxy", sendProxy: true }, []],
  ])("%s", async (_what, args, said) => {
    const world = new World([{}]);
    const { call } = await new Engine(world.handlers).preview(program(world, args));
    expect(call.logged.map(({ message }) => message).filter((one) => one.startsWith("driver:"))).toEqual(said);
  });

  test.each([
    ["haproxy", ["haproxy", "socat"], "the host lacks haproxy and socat", "haproxy socat"],
    ["nginx", ["nginx"], "the host lacks nginx", "nginx libnginx-mod-stream socat"],
  ])("what a host lacks for %s, with the packages", async (driver, without, cause, packages) => {
    const world = new World([{}]);
    const engine = new Engine(world.handlers);
    await engine.up(program(world, {}));
    world.hosts[0]?.model.change(({ withoutPrograms }) => {
      for (const one of without) withoutPrograms.add(one);
    });
    await expect(engine.preview(program(world, { driver }))).rejects.toThrow(
      `host h1, front, driver: ${cause} (got "${driver}"). Install it there (Debian: apt-get install ${packages}), or leave driver out.`,
    );
  });
});
