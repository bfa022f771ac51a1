/** Groups, policies and labels: what a program's words become for the hosts, and what is refused. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import { ResourceReference, Secret, unknown } from "../../../provider/src/rpc/value";
import type { Run } from "../../support/engine";
import { Engine } from "../../support/engine";
import { endpointOn, shop, subnetOf } from "../../support/programs";
import { urnOf, World } from "../../support/world";

const reference = (type: string, name: string): ResourceReference =>
  new ResourceReference(urnOf(`sdn:index:${type}`, name), "id", "");
const fabric = reference("Fabric", "dc");
const subnet = reference("Subnet", "web");
const group = reference("SecurityGroup", "web");
const endpoint = reference("Endpoint", "web1");
const defaults = { ingress: "isolate", egress: "continue" };
const least = { fabric, priority: 100, appliesTo: [{ subnet }], defaults };
const rule = { name: "https", direction: "ingress", action: "allow" };

function failuresOf(token: string, inputs: ValueMap): readonly string[] {
  const component = new World().handlers.components.get(token)?.();
  return (component?.check(inputs) ?? []).map(({ property, reason }) => `${property}: ${reason}`);
}

const stateOf = (engine: Engine, type: string, name: string): ValueMap => {
  const found = [...engine.state.values()].find((one) => one.type === type && one.urn.endsWith(`::${name}`));
  if (found === undefined) throw new Error(`no ${type} ${name}`);
  return found.inputs;
};
const specOf = (engine: Engine, name = "guard"): ValueMap =>
  stateOf(engine, "sdn:firewall:Policy", name)["spec"] as ValueMap;

interface Made {
  readonly run: Run;
  readonly hosts: readonly ResourceReference[];
  readonly fabric: ResourceReference;
  readonly network: ResourceReference;
  readonly web: ResourceReference;
  readonly web1: ResourceReference;
}

/** Two hosts, a network, a subnet, an endpoint on the first host; then what the test says. */
function program(world: World, then: (made: Made) => Promise<unknown>, fabricArgs: ValueMap = {}) {
  return async (run: Run): Promise<void> => {
    const made = await shop(run, world, { fabric: fabricArgs, network: { ipv6Cidr: "fd00:20::/32", vni: 5000 } });
    const web = await subnetOf(run, made, "web", { cidr: "10.20.1.0/24", ipv6Cidr: "fd00:20:1::/64", vni: 5001 });
    const args = { subnet: web, ipv4Address: "10.20.1.9", ipv6Address: "fd00:20:1::9", labels: { app: "web" } };
    const web1 = await endpointOn(run, made.hosts[0], "web1", args);
    await then({ run, ...made, web, web1 });
  };
}
const two = (): World => new World([{}, {}]);
const webRef = { name: "web", vni: 5001, routerVni: 5000, cidrs: ["10.20.1.0/24", "fd00:20:1::/64"] };
const web1Ref = {
  name: "web1",
  vni: 5001,
  routerVni: 5000,
  addresses: ["10.20.1.9", "fd00:20:1::9"],
  host: "ssh://root@192.0.2.11:22",
};
const app = (value: string): ValueMap => ({ matchLabels: { app: value } });

describe("a policy", () => {
  test("hands the hosts of its fabric every name as numbers and addresses, and every text as it was written", async () => {
    const world = two();
    const engine = new Engine(world.handlers);
    let outputs: ValueMap = {};
    await engine.up(
      program(world, async ({ run, hosts, fabric: dc, network, web, web1 }) => {
        const office = [{ cidr: "203.0.113.0/24", except: ["203.0.113.64/26"] }];
        const webs = await run.add("sdn:index:SecurityGroup", "webs", { members: [{ labels: app("web") }] });
        const people = await run.add("sdn:index:SecurityGroup", "people", { members: office });
        const guard = await run.add("sdn:index:FirewallPolicy", "guard", {
          fabric: dc,
          tier: "admin",
          priority: 10,
          appliesTo: [{ group: webs }, { network }, { subnet: web }, { endpoint: web1 }, { host: hosts[1] ?? null }],
          rules: [
            {
              name: "https",
              reason: "the shop; $(reboot) `x` 'y' \"z\"",
              direction: "ingress",
              action: "allow",
              from: [{ any: true }, { group: people }, { subnet: web }, { endpoint: web1 }],
              services: [
                { protocol: "tcp", ports: "443, 8000-8010" },
                { protocol: 6, ports: 80 },
                { protocol: "icmp", icmpTypes: ["echo-request", 3] },
              ],
              enabled: false,
              expires: "2027-03-01T18:00:00+01:00",
              log: "5/minute",
            },
            { name: "dns", direction: "egress", action: "allow", to: [{ dnsName: "Mirror.Example.com." }] },
            { name: "rest", direction: "egress", action: "reject", enabled: true },
          ],
          defaults,
          defaultLog: "1/second",
          enforcement: "watch",
          watchUntil: "2027-03-01T18:00:00Z",
          onClose: "keep",
          failsafe: false,
        });
        outputs = run.outputsOf(guard);
      }),
    );
    expect(specOf(engine)).toEqual({
      label: "guard",
      name: "guard",
      tier: "admin",
      priority: 10,
      appliesTo: [
        { kind: "group", name: "webs" },
        { kind: "network", name: "shop", vni: 5000 },
        { kind: "subnet", ...webRef },
        { kind: "endpoint", ...web1Ref },
        { kind: "host", name: "h2", uri: "ssh://root@192.0.2.12:22" },
      ],
      rules: [
        {
          name: "https",
          reason: "the shop; $(reboot) `x` 'y' \"z\"",
          direction: "ingress",
          action: "allow",
          peers: [
            { kind: "any" },
            { kind: "group", name: "people" },
            { kind: "subnet", ...webRef },
            { kind: "endpoint", ...web1Ref },
          ],
          services: [
            { protocol: "tcp", ports: "443,8000-8010" },
            { protocol: "6", ports: "80" },
            { protocol: "icmp", icmpTypes: ["echo-request", "3"] },
          ],
          enabled: false,
          expires: "2027-03-01T18:00:00+01:00",
          log: "5/minute",
        },
        {
          name: "dns",
          direction: "egress",
          action: "allow",
          peers: [{ kind: "name", name: "mirror.example.com" }],
          services: "any",
        },
        { name: "rest", direction: "egress", action: "reject", peers: [{ kind: "any" }], services: "any" },
      ],
      defaults,
      defaultLog: "1/second",
      enforcement: "watch",
      watchUntil: "2027-03-01T18:00:00Z",
      onClose: "keep",
      failsafe: "off",
      groups: [
        { name: "people", members: [{ kind: "cidr", cidr: "203.0.113.0/24", except: ["203.0.113.64/26"] }] },
        { name: "webs", members: [{ kind: "labels", matchLabels: { app: "web" } }] },
      ],
    });
    expect(stateOf(engine, "sdn:firewall:Policy", "guard")["hosts"]).toEqual([
      { name: "h1", connection: expect.objectContaining({ address: "192.0.2.11" }) },
      { name: "h2", connection: expect.objectContaining({ address: "192.0.2.12" }) },
    ]);
    expect(outputs).toEqual({
      fabric: "dc",
      tier: "admin",
      priority: 10,
      enforcement: "watch",
      clusters: [],
      hosts: ["h1", "h2"],
      pending: [],
    });
  });

  test("with the least that it needs is enforced in tier application, cuts what it closes, and has no rules", async () => {
    const world = two();
    const engine = new Engine(world.handlers);
    await engine.up(
      program(world, ({ run, fabric: dc, network }) =>
        run.add("sdn:index:FirewallPolicy", "guard", { ...least, fabric: dc, appliesTo: [{ network }] }),
      ),
    );
    expect(specOf(engine)).toEqual({
      label: "guard",
      name: "guard",
      tier: "application",
      priority: 100,
      appliesTo: [{ kind: "network", name: "shop", vni: 5000 }],
      rules: [],
      defaults,
      enforcement: "enforced",
      onClose: "cut",
      groups: [],
    });
  });

  test("knows what management keeps open", async () => {
    const world = two();
    const engine = new Engine(world.handlers);
    const management = [{ cidr: "198.51.100.0/24", ports: 22 }];
    await engine.up(
      program(
        world,
        ({ run, fabric: dc, network }) =>
          run.add("sdn:index:FirewallPolicy", "guard", { ...least, fabric: dc, appliesTo: [{ network }] }),
        { management },
      ),
    );
    expect(specOf(engine)["management"]).toEqual([{ cidr: "198.51.100.0/24", ports: "22" }]);
  });

  test("names a group once that it uses often, and changes in place when the group does", async () => {
    const world = two();
    const engine = new Engine(world.handlers);
    const with_ = (member: ValueMap) =>
      program(world, async ({ run, fabric: dc }) => {
        const one = await run.add("sdn:index:SecurityGroup", "g", { members: [member] });
        await run.add("sdn:index:FirewallPolicy", "guard", {
          ...least,
          fabric: dc,
          appliesTo: [{ group: one }],
          rules: [{ ...rule, from: [{ group: one }] }],
        });
      });
    await engine.up(
      with_({ containers: { matchExpressions: [{ key: "com.docker.compose.service", operator: "Exists" }] } }),
    );
    expect(specOf(engine)["groups"]).toEqual([
      {
        name: "g",
        members: [
          { kind: "containers", matchExpressions: [{ key: "com.docker.compose.service", operator: "Exists" }] },
        ],
      },
    ]);
    const { done } = await engine.up(with_({ labels: {} }));
    expect(done).toEqual([expect.stringMatching(/^update Policy guard: spec\.groups\[0\]\.members/)]);
    expect(specOf(engine)["groups"]).toEqual([{ name: "g", members: [{ kind: "labels" }] }]);
  });

  test("that speaks of what does not exist yet has a preview, unknown where the program is", async () => {
    const world = two();
    const seen: ValueMap[] = [];
    const handlers = {
      ...world.handlers,
      resources: new Map(world.handlers.resources),
    };
    const inner = world.resource("sdn:firewall:Policy");
    handlers.resources.set("sdn:firewall:Policy", () => ({
      token: inner.token,
      check: (context, request) => {
        seen.push(request.news);
        return inner.check(context, request);
      },
      diff: (context, request) => inner.diff(context, request),
      create: (context, request) => inner.create(context, request),
      read: (context, request) => inner.read(context, request),
      update: (context, request) => inner.update(context, request),
      delete: (context, request) => inner.delete(context, request),
    }));
    await new Engine(handlers).preview(
      program(world, async ({ run, hosts, web, fabric: dc, network }) => {
        const late = await endpointOn(run, hosts[0], "late", { subnet: web, ipv4Address: unknown });
        await run.add("sdn:index:FirewallPolicy", "guard", {
          ...least,
          fabric: dc,
          priority: unknown,
          appliesTo: [{ network }],
          rules: [
            {
              ...rule,
              from: [{ cidr: unknown, except: ["10.0.0.0/8"] }],
              services: [{ protocol: "tcp", ports: unknown }],
            },
            { ...rule, name: "two", from: [{ endpoint: unknown }], expires: unknown },
            { ...rule, name: "three", action: unknown, from: [{ group: unknown }, { dnsName: unknown }] },
            { ...rule, name: "four", from: unknown, services: unknown },
            { ...rule, name: "five", from: [{ endpoint: late }] },
          ],
        });
      }),
    );
    expect(seen[0]?.["spec"]).toEqual({
      label: "guard",
      name: "guard",
      tier: "application",
      priority: unknown,
      appliesTo: [{ kind: "network", name: "shop", vni: 5000 }],
      rules: [
        {
          ...rule,
          peers: [{ kind: "cidr", cidr: unknown, except: ["10.0.0.0/8"] }],
          services: [{ protocol: "tcp", ports: unknown }],
        },
        { ...rule, name: "two", peers: [unknown], services: "any", expires: unknown },
        {
          ...rule,
          name: "three",
          action: unknown,
          peers: [unknown, { kind: "name", name: unknown }],
          services: "any",
        },
        { ...rule, name: "four", peers: unknown, services: unknown },
        {
          ...rule,
          name: "five",
          peers: [{ kind: "endpoint", ...web1Ref, name: "late", addresses: [unknown, unknown] }],
          services: "any",
        },
      ],
      defaults,
      enforcement: "enforced",
      onClose: "cut",
      groups: unknown,
    });
  });

  test.each<[string, (made: Made) => Promise<ValueMap>, string]>([
    [
      "goes by labels of containers to keep somebody out",
      async ({ run, web }) => {
        const from = await run.add("sdn:index:SecurityGroup", "bots", { members: [{ containers: app("bot") }] });
        return {
          appliesTo: [{ subnet: web }],
          rules: [rule, { ...rule, name: "no", action: "deny", from: [{ group: from }] }],
        };
      },
      'rules[1].from[0].group: a rule that says deny cannot go by labels of containers: those on other hosts are not known to the host that judges, so they get through (got "bots"). ' +
        "Name endpoints, their labels, or subnets, or allow what is wanted and let the default deny the rest.",
    ],
    [
      "applies to a host that is not of its fabric",
      async ({ run }) => {
        const other = await run.add("sdn:index:Host", "h3", { ssh: { address: "192.0.2.12" } });
        return { appliesTo: [{ host: other }] };
      },
      'appliesTo[0].host: is not a host of fabric dc (got "h3"). Choose from h1, h2, or add it to the fabric.',
    ],
    [
      "names a subnet of another fabric",
      async ({ run, hosts }) => {
        const lab = await run.add("sdn:index:Fabric", "lab", {
          hosts: [hosts[0] ?? null],
          vniRange: { start: 7000, end: 7100 },
        });
        const other = await run.add("sdn:index:VirtualNetwork", "other", { fabric: lab, cidr: "10.30.0.0/16" });
        const far = await run.add("sdn:index:Subnet", "far", { network: other, cidr: "10.30.1.0/24" });
        return { appliesTo: [{ subnet: far }] };
      },
      'appliesTo[0].subnet: is on fabric lab, the policy is on dc (got "far"). Write a policy for each fabric.',
    ],
    [
      "names a group with members on another fabric",
      async ({ run, hosts, web }) => {
        const lab = await run.add("sdn:index:Fabric", "lab", {
          hosts: [hosts[0] ?? null],
          vniRange: { start: 7000, end: 7100 },
        });
        const other = await run.add("sdn:index:VirtualNetwork", "other", { fabric: lab, cidr: "10.30.0.0/16" });
        const far = await run.add("sdn:index:Subnet", "far", { network: other, cidr: "10.30.1.0/24" });
        const mixed = await run.add("sdn:index:SecurityGroup", "mixed", {
          members: [{ subnet: web }, { subnet: far }],
        });
        return { appliesTo: [{ subnet: web }], rules: [{ ...rule, from: [{ group: mixed }] }] };
      },
      'rules[0].from[0].group: has members on fabric lab, the policy is on dc (got "mixed"). Write a policy for each fabric.',
    ],
  ])("is refused that %s", async (_case, argsOf, message) => {
    const world = two();
    const preview = new Engine(world.handlers).preview(
      program(world, async (made) => {
        const args = await argsOf(made);
        await made.run.add("sdn:index:FirewallPolicy", "guard", { ...least, fabric: made.fabric, ...args });
      }),
    );
    await expect(preview).rejects.toThrow(message);
  });

  test("whose name could not stand in a counter is refused", async () => {
    const world = two();
    const preview = new Engine(world.handlers).preview(
      program(world, ({ run, fabric: dc, network }) =>
        run.add("sdn:index:FirewallPolicy", 'x" drop', { ...least, fabric: dc, appliesTo: [{ network }] }),
      ),
    );
    await expect(preview).rejects.toThrow('name: the value is not a valid name (got "x\\" drop")');
  });
});

const properties =
  "appliesTo, defaultLog, defaults, enforcement, fabric, failsafe, onClose, priority, rules, tier, watchUntil";
const peers = "any, cidr, dnsName, endpoint, except, group, service, subnet";

describe("FirewallPolicy refuses", () => {
  test.each<[string, ValueMap, readonly string[]]>([
    ["nothing that is right", least, []],
    [
      "nothing that is unknown",
      { fabric, priority: unknown, appliesTo: unknown, rules: unknown, defaults: unknown },
      [],
    ],
    ["nothing that is secret", { ...least, rules: [new Secret({ ...rule, name: new Secret("a") })] }, []],
    [
      "a policy without anything",
      {},
      [
        "fabric: is required and missing. Give the Fabric resource itself.",
        "priority: is required and missing. Give its place in the tier.",
        "defaults: is required and missing. Give an action for ingress and one for egress.",
        "appliesTo: is required and missing. Give networks, subnets, groups, endpoints or hosts.",
      ],
    ],
    [
      "words that are none, all at once",
      {
        ...least,
        tier: "gold",
        priority: 65_536,
        defaults: { ingress: "drop" },
        defaultLog: "often",
        enforcement: "off",
        onClose: "cut; reboot",
        failsafe: "off",
        actions: [],
      },
      [
        "priority: must be a whole number from 0 to 65535 (got 65536).",
        'enforcement: must be one of "enforced", "watch" (got "off").',
        'tier: must be one of "emergency", "admin", "application", "baseline" (got "gold").',
        'defaults.ingress: must be one of "allow", "deny", "reject", "pass", "continue", "isolate" (got "drop").',
        "defaults.egress: is required and missing. Give one of allow, deny, reject, pass, continue, isolate.",
        'defaultLog: the value is not a limit (got "often"). Write 1 to 10000 lines per second, minute, hour, day, such as 5/minute.',
        'onClose: must be one of "cut", "keep" (got "cut; reboot").',
        'failsafe: must be true or false (got "off").',
        `actions: is not a property here. The properties are ${properties}.`,
      ],
    ],
    [
      "a date to watch until, of a policy that is enforced",
      { ...least, watchUntil: "2027-03-01T18:00:00Z" },
      ["watchUntil: an enforced policy does not watch. Write enforcement: watch, or leave watchUntil out."],
    ],
    [
      "to apply to nothing",
      { ...least, appliesTo: [] },
      [
        "appliesTo: is empty, so the policy applies to nothing. Name networks, subnets, groups, endpoints or hosts, or leave the policy out.",
      ],
    ],
    [
      "targets that are none",
      { ...least, appliesTo: [{}, { subnet, group }, { subnet: group }, { cidr: "10.0.0.0/8" }, "web"] },
      [
        "appliesTo[4]: must be an object.",
        "appliesTo[0]: says nothing. Give one of network, subnet, group, endpoint, host.",
        "appliesTo[1]: subnet and group exclude each other. Write an item for each.",
        "appliesTo[2].subnet: must be a resource of type sdn:index:Subnet. Give the Subnet resource itself.",
        "appliesTo[3]: says nothing. Give one of network, subnet, group, endpoint, host.",
        "appliesTo[3].cidr: is not a property here. The properties are endpoint, group, host, network, subnet.",
      ],
    ],
  ])("%s", (_case, inputs, expected) => {
    expect(failuresOf("sdn:index:FirewallPolicy", inputs)).toEqual(expected);
  });

  test.each<[string, readonly ValueMap[], readonly string[]]>([
    [
      "a rule without anything",
      [{}],
      [
        "rules[0].name: is required and missing. Give a name for counters and log lines.",
        "rules[0].direction: is required and missing. Give ingress or egress.",
        "rules[0].action: is required and missing. Give allow, deny, reject, pass.",
      ],
    ],
    [
      "names that are taken or could not stand in a counter",
      [rule, rule, { ...rule, name: "default" }, { ...rule, name: 'a"; drop' }, { ...rule, name: "a".repeat(41) }],
      [
        'rules[2].name: the name stands for the default action (got "default"). Choose another name.',
        'rules[3].name: the value is not a valid name (got "a\\"; drop"). Write 1 to 40 letters, digits, dots, underscores or hyphens, beginning with a letter.',
        `rules[4].name: the value is not a valid name (got "${"a".repeat(41)}"). Write 1 to 40 letters, digits, dots, underscores or hyphens, beginning with a letter.`,
        'rules[1].name: is the name of rules[0] already (got "https"). Give each rule of a policy a name of its own.',
      ],
    ],
    [
      "the wrong side",
      [
        { ...rule, to: [{ subnet }] },
        { ...rule, name: "b", direction: "egress", from: [{ subnet }] },
      ],
      [
        "rules[0].to: a rule for ingress says where packets come from. Write from, or direction: egress.",
        "rules[1].from: a rule for egress says where packets go. Write to, or direction: ingress.",
      ],
    ],
    [
      "peers that are none",
      [
        {
          ...rule,
          from: [
            { any: false },
            { endpoint, cidr: "10.0.0.0/8" },
            { subnet, except: ["10.20.1.0/28"] },
            { cidr: "10.0.0.1/8" },
            { cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "11.0.0.0/8", "fd00::/8", "x"] },
            { dnsName: "bad name;" },
            { host: 1 },
          ],
        },
      ],
      [
        "rules[0].from[0].any: says nothing (got false). Write true, or name what is meant.",
        "rules[0].from[1]: endpoint and cidr exclude each other. Write an item for each.",
        "rules[0].from[2].except: goes with cidr alone. Write the block as cidr, or a rule for the exception before this one.",
        'rules[0].from[3].cidr: the value has host bits set (got "10.0.0.1/8"). Write 10.0.0.0/8 for the block or 10.0.0.1/32 for the one address.',
        'rules[0].from[4].except[1]: is not a part of 10.0.0.0/8 (got "11.0.0.0/8"). Write parts of cidr, or leave it out.',
        'rules[0].from[4].except[2]: is not a part of 10.0.0.0/8 (got "fd00::/8"). Write parts of cidr, or leave it out.',
        'rules[0].from[4].except[3]: the value is not a CIDR (got "x"). Write one such as 10.20.1.0/24 or fd00:20:1::/64.',
        'rules[0].from[5].dnsName: the value is not a valid DNS name (got "bad name;"). Write labels of 1 to 63 letters, digits or inner hyphens separated by dots, at most 253 characters in all, the last label not all digits.',
        "rules[0].from[6]: says nothing. Give one of any, group, subnet, endpoint, service, cidr, dnsName.",
        `rules[0].from[6].host: is not a property here. The properties are ${peers}.`,
      ],
    ],
    [
      "names in rules that do not allow",
      [
        { ...rule, action: "deny", from: [{ subnet }, { dnsName: "evil.example" }] },
        { ...rule, name: "b", action: "pass", direction: "egress", to: [{ dnsName: "evil.example" }] },
      ],
      [
        "rules[0].from[1].dnsName: a rule that says deny cannot go by name: where the name resolves to other addresses on the host than for its peer, the peer gets through. Write cidr, or allow what is wanted by name and let the default deny the rest.",
        "rules[1].to[0].dnsName: a rule that says pass cannot go by name: where the name resolves to other addresses on the host than for its peer, the peer gets through. Write cidr, or allow what is wanted by name and let the default deny the rest.",
      ],
    ],
    [
      "services that are none",
      [
        {
          ...rule,
          services: [
            { ports: "80" },
            { protocol: "TCP" },
            { protocol: "tcp", ports: "90-80" },
            { protocol: "gre", ports: "80" },
            { protocol: "tcp", icmpTypes: ["echo-request"] },
            { protocol: "icmp", icmpTypes: ["ping", "256", "8"] },
            { protocol: "icmpv6", icmpTypes: ["redirect", "timestamp-request"] },
            { protocol: 256 },
            { protocol: "udp", port: 53 },
          ],
        },
      ],
      [
        "rules[0].services[0].protocol: is required and missing. Give such as tcp.",
        'rules[0].services[1].protocol: the value is not a protocol (got "TCP"). Write a number from 0 to 255, or one of tcp, udp, dccp, sctp, udplite, icmp, icmpv6, igmp, ipip, gre, esp, ah, ospf, pim, vrrp.',
        'rules[0].services[2].ports: the value is not a list of ports (got "90-80"). Write ports from 0 to 65535 and ranges with the lower one first, such as 80,443,8000-8010.',
        "rules[0].services[3].ports: protocol gre has no ports. Leave ports out, or write one of tcp, udp, sctp, dccp, udplite.",
        "rules[0].services[4].icmpTypes: protocol tcp has no types of ICMP. Leave icmpTypes out, or write icmp or icmpv6.",
        'rules[0].services[5].icmpTypes[0]: the value is not a type of ICMP (got "ping"). Write a number such as 8, with a code 3/4, or one of echo-reply, destination-unreachable, redirect, echo-request, router-advertisement, router-solicitation, time-exceeded, parameter-problem, timestamp-request, timestamp-reply.',
        expect.stringMatching(
          /^rules\[0\]\.services\[5\]\.icmpTypes\[1\]: the value is not a type of ICMP \(got "256"\)/,
        ),
        expect.stringMatching(
          /^rules\[0\]\.services\[6\]\.icmpTypes\[1\]: the value is not a type of ICMPv6 \(got "timestamp-request"\)/,
        ),
        expect.stringMatching(/^rules\[0\]\.services\[7\]\.protocol: the value is not a protocol \(got "256"\)/),
        "rules[0].services[8].port: is not a property here. The properties are icmpTypes, ports, protocol.",
      ],
    ],
    [
      "times, limits and reasons that are none",
      [
        { ...rule, expires: "tomorrow", log: "5/minute; reboot", enabled: "no", reason: "a\u001b[2Jb" },
        { ...rule, name: "b", expires: "2027-03-01", reason: " " },
      ],
      [
        "rules[0].reason: has control characters. Say it in a few words.",
        'rules[0].enabled: must be true or false (got "no").',
        'rules[0].expires: the value is not a moment (got "tomorrow"). Write one such as 2027-03-01T18:00:00Z or 2027-03-01T18:00:00+01:00.',
        'rules[0].log: the value is not a limit (got "5/minute; reboot"). Write 1 to 10000 lines per second, minute, hour, day, such as 5/minute.',
        "rules[1].reason: is empty. Say it in a few words.",
        'rules[1].expires: the value is not a moment (got "2027-03-01"). Write one such as 2027-03-01T18:00:00Z or 2027-03-01T18:00:00+01:00.',
      ],
    ],
    ["nothing about a rule that has expired", [{ ...rule, expires: "2001-01-01T00:00:00Z" }], []],
  ])("%s", (_case, rules, expected) => {
    expect(failuresOf("sdn:index:FirewallPolicy", { ...least, rules })).toEqual(expected);
  });
});

describe("a group", () => {
  test("holds what it names, and says on which fabrics that is", async () => {
    const world = two();
    let outputs: ValueMap = {};
    const engine = new Engine(world.handlers);
    await engine.up(
      program(world, async ({ run, web, web1 }) => {
        const members = [{ endpoint: web1 }, { subnet: web }, { cidr: "2001:DB8::/32" }, { labels: app("web") }];
        outputs = run.outputsOf(await run.add("sdn:index:SecurityGroup", "all", { members }));
      }),
    );
    expect(outputs).toEqual({
      endpoints: ["urn:pulumi:dev::shop::sdn:index:Endpoint::web1"],
      members: [
        { kind: "endpoint", ...web1Ref },
        { kind: "subnet", ...webRef },
        { kind: "cidr", cidr: "2001:db8::/32" },
        { kind: "labels", matchLabels: { app: "web" } },
      ],
      fabrics: [urnOf("sdn:index:Fabric", "dc")],
    });
    expect([...engine.state.values()].filter(({ type }) => type === "sdn:firewall:Policy")).toEqual([]);
  });

  test("does not hold a container that shares the network of its host", async () => {
    const world = two();
    world.host.model.setContainer("hosted", { networkMode: "host" });
    const preview = new Engine(world.handlers).preview(
      program(world, async ({ run, hosts }) => {
        const shared = await endpointOn(run, hosts[0], "it", { container: { name: "hosted", networkMode: "host" } });
        await run.add("sdn:index:SecurityGroup", "g", { members: [{ endpoint: shared }] });
      }),
    );
    await expect(preview).rejects.toThrow(
      'members[0].endpoint: has no addresses of its own (networkMode host) (got "it"). Name its host.',
    );
  });

  test.each<[string, ValueMap, readonly string[]]>([
    ["may be empty", { members: [] }, []],
    ["must say what it holds", {}, ["members: is required and missing. Give what it holds."]],
    [
      "selects by labels that can exist",
      {
        members: [
          { labels: { matchLabels: { "a b": "x", app: "we b", "example.com/tier": "-x" }, matchLabel: {} } },
          {
            containers: {
              matchExpressions: [
                { key: "app", operator: "In" },
                { key: "app", operator: "NotIn", values: ["$(reboot)"] },
                { key: "app", operator: "Exists", values: ["x"] },
                { key: "app/", operator: "Like" },
                {},
              ],
            },
          },
          { labels: "app=web" },
        ],
      },
      [
        'members[0].labels.matchLabels: the value is not a valid label key (got "a b"). Write 1 to 63 letters, digits, hyphens, underscores or dots with a letter or digit at both ends, such as app, if need be after a DNS name and a slash, such as example.com/app.',
        'members[0].labels.matchLabels.app: the value is not a valid label value (got "we b"). Write at most 63 letters, digits, hyphens, underscores or dots with a letter or digit at both ends, or nothing.',
        'members[0].labels.matchLabels["example.com/tier"]: the value is not a valid label value (got "-x"). Write at most 63 letters, digits, hyphens, underscores or dots with a letter or digit at both ends, or nothing.',
        "members[0].labels.matchLabel: is not a property here. The properties are matchExpressions, matchLabels.",
        "members[1].containers.matchExpressions[0].values: operator In compares with values, and there are none. Give at least one.",
        expect.stringContaining(
          'matchExpressions[1].values[0]: the value is not a valid label value (got "$(reboot)")',
        ),
        "members[1].containers.matchExpressions[2].values: operator Exists takes none. Leave values out.",
        expect.stringContaining('matchExpressions[3].key: the value is not a valid label key (got "app/")'),
        'members[1].containers.matchExpressions[3].operator: must be one of "In", "NotIn", "Exists", "DoesNotExist" (got "Like").',
        "members[1].containers.matchExpressions[4].key: is required and missing. Give the label's key.",
        "members[1].containers.matchExpressions[4].operator: is required and missing. Give In, NotIn, Exists, DoesNotExist.",
        'members[2].labels: must be an object (got "app=web").',
      ],
    ],
  ])("%s", (_case, inputs, expected) => {
    expect(failuresOf("sdn:index:SecurityGroup", inputs)).toEqual(expected);
  });
});

describe("labels of an endpoint", () => {
  const member = (engine: Engine): ValueMap => stateOf(engine, "sdn:firewall:Member", "web1");

  test("are told to every host of the fabric before the endpoint is attached", async () => {
    const world = two();
    world.host.model.addNamespace("box");
    const engine = new Engine(world.handlers);
    const { done } = await engine.up(
      program(world, async ({ run, hosts, web }) => {
        const args = { subnet: web, namespace: { name: "box" }, labels: { "example.com/tier": "front" } };
        await endpointOn(run, hosts[0], "web2", args);
        await endpointOn(run, hosts[0], "web3", { subnet: web, labels: {} });
      }),
    );
    expect(done.filter((one) => /web[23]$/.test(one))).toEqual([
      "create EndpointAllocation web2",
      "create Member web2",
      "create Port web2",
      "create EndpointAllocation web3",
    ]);
    expect(member(engine)).toEqual({
      hosts: [
        { name: "h1", connection: expect.objectContaining({ address: "192.0.2.11" }) },
        { name: "h2", connection: expect.objectContaining({ address: "192.0.2.12" }) },
      ],
      spec: { label: "web1", labels: { app: "web" }, ...web1Ref },
    });
  });

  test("of a container that shares its host's addresses are for nobody, with a warning", async () => {
    const world = two();
    world.host.model.setContainer("hosted", { networkMode: "host" });
    const { call } = await new Engine(world.handlers).up(
      program(world, async ({ run, hosts }) => {
        const shared = { container: { name: "hosted", networkMode: "host" }, labels: { app: "web" } };
        await endpointOn(run, hosts[0], "it", shared);
      }),
    );
    expect(call.warnings).toContain(
      "labels: no group holds it by them, because its addresses are not its own (networkMode host).",
    );
  });

  test("have the syntax of Kubernetes", () => {
    const host = reference("Host", "h1");
    const labels = { app: "web", "example.com/tier": "", "a/b/c": "x", nested: { a: 1 }, "Example.com/x": "y" };
    expect(failuresOf("sdn:index:Endpoint", { host, subnet, labels })).toEqual([
      expect.stringContaining('labels: the value is not a valid label key (got "a/b/c")'),
      "labels.nested: must be a text.",
      expect.stringContaining('labels: the value is not a valid label key (got "Example.com/x")'),
    ]);
  });
});

test("what management keeps open is blocks and ports", () => {
  const management = [{ cidr: "198.51.100.1/24", ports: "ssh" }, { cidr: "2001:db8::/32" }];
  expect(failuresOf("sdn:index:Fabric", { hosts: [reference("Host", "h1")], management })).toEqual([
    'management[0].cidr: the value has host bits set (got "198.51.100.1/24"). Write 198.51.100.0/24 for the block or 198.51.100.1/32 for the one address.',
    'management[0].ports: the value is not a list of ports (got "ssh"). Write ports from 0 to 65535 and ranges with the lower one first, such as 80,443,8000-8010.',
    "management[1].ports: is required and missing. Give TCP ports of the hosts, such as 22.",
  ]);
});
