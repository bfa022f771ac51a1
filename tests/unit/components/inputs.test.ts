/** What components refuse, in full: every problem at once, each at its property and with what to do. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import { ResourceReference, Secret, unknown } from "../../../provider/src/rpc/value";
import { InvalidInputs } from "../../support/engine";
import { Engine } from "../../support/engine";
import { shop, subnetOf } from "../../support/programs";
import { urnOf, World } from "../../support/world";

const reference = (type: string, name: string): ResourceReference => new ResourceReference(urnOf(type, name), "id", "");
const host = reference("sdn:index:Host", "h1");
const fabric = reference("sdn:index:Fabric", "dc");
const network = reference("sdn:index:VirtualNetwork", "shop");
const subnet = reference("sdn:index:Subnet", "web");

function failuresOf(token: string, inputs: ValueMap): readonly string[] {
  const component = new World().handlers.components.get(token)?.();
  return (component?.check(inputs) ?? []).map(({ property, reason }) => `${property}: ${reason}`);
}

describe("Fabric", () => {
  test.each<[string, ValueMap, readonly string[]]>([
    ["hosts alone", { hosts: [host] }, []],
    [
      "a host as a secret, the rest unknown",
      { hosts: [new Secret(host)], mtu: unknown, vniRange: unknown, transitCidr: unknown },
      [],
    ],
    ["nothing", {}, ["hosts: is required and missing. Give the hosts that networks can span."]],
    [
      "a host twice",
      { hosts: [host, reference("sdn:index:Host", "h2"), host] },
      ['hosts[2]: is in the list already (got "h1"). Name each host once.'],
    ],
    [
      "something else among the hosts",
      { hosts: [host, "h2", fabric] },
      [
        'hosts[1]: must be a resource of type sdn:index:Host (got "h2"). Give the Host resource itself.',
        "hosts[2]: must be a resource of type sdn:index:Host. Give the Host resource itself.",
      ],
    ],
    [
      "numbers out of range",
      { hosts: [host], vniRange: { start: 0, end: 16_777_216 }, underlayPort: 65_536, mtu: 100 },
      [
        "vniRange.start: must be a whole number from 1 to 16777215 (got 0).",
        "vniRange.end: must be a whole number from 1 to 16777215 (got 16777216).",
        "underlayPort: must be a whole number from 1 to 65535 (got 65536).",
        "mtu: must be a whole number from 576 to 65535 (got 100).",
      ],
    ],
    [
      "a range that ends before it starts",
      { hosts: [host], vniRange: { start: 9, end: 8 } },
      ['vniRange: ends before it starts (got "9-8"). Write the smaller number as start.'],
    ],
    [
      "a transit space that has no eight addresses for each VNI",
      { hosts: [host], transitCidr: "100.64.0.0/18" },
      [
        'transitCidr: has 8 addresses each for VNIs up to 2047, but vniRange ends at 12287 (got "100.64.0.0/18"). Take a larger transit space or a lower vniRange.',
      ],
    ],
    [
      "transit spaces of the wrong family",
      { hosts: [host], transitCidr: "fd00::/64", ipv6TransitCidr: "100.64.0.0/10" },
      [
        'transitCidr: is not an IPv4 CIDR (got "fd00::/64"). IPv6 goes into ipv6TransitCidr.',
        'ipv6TransitCidr: is not an IPv6 CIDR (got "100.64.0.0/10"). IPv4 goes into transitCidr.',
      ],
    ],
    [
      "pools that are none",
      { hosts: [host], addressPools: ["10.128.0.0/9", "10.0.0.1/8", 5] },
      [
        'addressPools[1]: the value has host bits set (got "10.0.0.1/8"). Write 10.0.0.0/8 for the block or 10.0.0.1/32 for the one address.',
        "addressPools[2]: must be a text.",
      ],
    ],
  ])("%s", (_name, inputs, expected) => {
    expect(failuresOf("sdn:index:Fabric", inputs)).toEqual(expected);
  });
});

describe("VirtualNetwork", () => {
  test.each<[string, ValueMap, readonly string[]]>([
    ["a given space", { fabric, cidr: "10.20.0.0/16", egress: "nat" }, []],
    [
      "everything wrong at once",
      { cidr: "10.20.0.0", prefixLength: 31, ipv6Cidr: "10.0.0.0/8", egress: "proxy", dns: true },
      [
        "fabric: is required and missing. Give the Fabric resource itself.",
        'cidr: the value has no prefix length (got "10.20.0.0"). Write 10.20.0.0/32 for this one address.',
        "prefixLength: must be a whole number from 1 to 30 (got 31).",
        'ipv6Cidr: is not an IPv6 CIDR (got "10.0.0.0/8"). IPv4 goes into cidr.',
        'egress: must be one of "nat", "routed", "none" (got "proxy").',
        "dns: is not a property here. The properties are cidr, egress, fabric, ipv6Cidr, ipv6PrefixLength, nat, policyRoutes, prefixLength, routes, vni.",
      ],
    ],
    [
      "a space that is given and taken",
      { fabric, cidr: "10.20.0.0/16", prefixLength: 16 },
      [
        "prefixLength: cidr and prefixLength exclude each other (got 16). Keep cidr for a given space, or prefixLength for one taken from the pool.",
      ],
    ],
  ])("%s", (_name, inputs, expected) => {
    expect(failuresOf("sdn:index:VirtualNetwork", inputs)).toEqual(expected);
  });
});

describe("Subnet", () => {
  test.each<[string, ValueMap, readonly string[]]>([
    ["a given space", { network, cidr: "10.20.1.0/24" }, []],
    ["an unknown space", { network, cidr: unknown, hosts: unknown }, []],
    [
      "everything wrong at once",
      { network: subnet, cidr: "10.20.1.0/33", hosts: ["h1", "h1", "a b"], docker: "yes", dockerNetworkName: "-x" },
      [
        "network: must be a resource of type sdn:index:VirtualNetwork. Give the VirtualNetwork resource itself.",
        'cidr: the value has no valid prefix length after the slash (got "10.20.1.0/33"). Write a whole number from 0 to 32.',
        'hosts[2]: the value is not a valid name (got "a b"). Write 1 to 63 letters, digits, dots, underscores or hyphens, beginning with a letter.',
        'docker: must be true or false (got "yes").',
        'dockerNetworkName: the value is not a valid Docker name (got "-x"). Write 1 to 128 letters, digits, underscores, dots or hyphens, beginning with a letter or digit.',
        'hosts[1]: is in the list already (got "h1"). Name each host once.',
      ],
    ],
  ])("%s", (_name, inputs, expected) => {
    expect(failuresOf("sdn:index:Subnet", inputs)).toEqual(expected);
  });
});

describe("what only the other resources can tell", () => {
  test.each<[string, ValueMap, string]>([
    ["a subnet outside of its network", { cidr: "10.30.0.0/24" }, "cidr"],
    ["a subnet without a space", {}, "subnet web, cidr: the subnet has no address space"],
    [
      "IPv6 in a network without it",
      { ipv6Cidr: "fd00::/64" },
      "subnet web, ipv6Cidr: the virtual network has no IPv6 address space",
    ],
    [
      "a host that the fabric has not",
      { cidr: "10.20.1.0/24", hosts: ["h9"] },
      'hosts[0]: is not a host of the fabric (got "h9"). Choose from h1.',
    ],
    ["a subnet that is too small", { cidr: "10.20.1.0/29" }, "subnet web"],
  ])("%s", async (_name, args, message) => {
    const world = new World();
    const up = new Engine(world.handlers).preview(async (run) => {
      await subnetOf(run, await shop(run, world), "web", args);
    });
    await expect(up).rejects.toThrow(message);
  });

  test("two subnets of one network that overlap are told of each other", async () => {
    const world = new World();
    const up = new Engine(world.handlers).preview(async (run) => {
      const made = await shop(run, world);
      await subnetOf(run, made, "web", { cidr: "10.20.0.0/20", docker: false });
      await subnetOf(run, made, "db", { cidr: "10.20.1.0/24", docker: false });
    });
    await expect(up).rejects.toThrow(/subnet db.*overlaps.*subnet web of shop\/dev/);
  });

  test("an MTU that the underlay does not carry", async () => {
    const world = new World([{ mtu: 9000 }, { mtu: 1400 }]);
    const up = new Engine(world.handlers).preview(async (run) => {
      await shop(run, world, { fabric: { mtu: 1450 } });
    });
    await expect(up).rejects.toThrow(
      "mtu: the underlay of host h2 carries at most 1350 bytes inside VXLAN (got 1450). Write 1350 or less, or leave mtu out.",
    );
  });

  test("hosts whose underlays are of two families", async () => {
    const world = new World([{}, {}]);
    world.hosts[1]?.model.setLink("ens4", { addresses: ["2001:db8::12/64"], up: true });
    const up = new Engine(world.handlers).preview(async (run) => {
      const one = await run.add("sdn:index:Host", "h1", { ssh: { address: "192.0.2.11" } });
      const two = await run.add("sdn:index:Host", "h2", {
        ssh: { address: "192.0.2.12" },
        underlayAddress: "2001:db8::12",
      });
      await run.add("sdn:index:Fabric", "dc", { hosts: [one, two] });
    });
    await expect(up).rejects.toThrow(
      "hosts: the underlay is IPv4 on host h1 and IPv6 on host h2. Set underlayAddress of the hosts to addresses of one family.",
    );
  });

  test("a name that could not be part of a mark", async () => {
    const world = new World();
    const up = new Engine(world.handlers).preview(async (run) => {
      await subnetOf(run, await shop(run, world), "web 1", { cidr: "10.20.1.0/24" });
    });
    await expect(up).rejects.toThrow("is not a valid name");
  });

  test("all problems of a component are in one error", async () => {
    const world = new World();
    const up = new Engine(world.handlers).preview(async (run) => {
      await run.add("sdn:index:VirtualNetwork", "shop", { egress: 1, cidr: "x" });
    });
    await expect(up).rejects.toBeInstanceOf(InvalidInputs);
  });
});
