import type { InputReader } from "../inputs/input-reader";
import { InputReader as Reader } from "../inputs/input-reader";
import { readSpace } from "../inputs/spaces";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { unknown } from "../rpc/value";
import { formatCidr } from "../model/cidr";
import { parseName } from "../model/name";
import { maximumVni, minimumVni } from "../model/vni";
import type { Member } from "./member";
import { memberValue, membersOf } from "./member";
import type { NatInputs } from "./network-nat";
import { checkNat, natOn, readNetworkNat } from "./network-nat";
import type { RouteInputs } from "./network-routes";
import { blackholesOf, checkRoutes, readNetworkRoutes, routingValue } from "./network-routes";
import { known, nameOf, outputsOf, present, referenceOf } from "./references";
import { transitPair } from "./transit";

interface NetworkInputs {
  readonly fabric: string;
  /** As the allocation takes them. */
  readonly space: ValueMap;
  readonly egress: Egress;
  readonly nat: NatInputs;
  readonly routing: RouteInputs;
}

type Egress = "nat" | "routed" | "none";

function read(inputs: ValueMap): { reader: InputReader; parsed: NetworkInputs } {
  const reader = Reader.of(inputs);
  const fabric = reader.problems.collect(() => referenceOf(reader.value("fabric"), "fabric", "sdn:index:Fabric"));
  const ipv4 = readSpace(reader, 4);
  const ipv6 = readSpace(reader, 6);
  const egress = reader.choice("egress", ["nat", "routed", "none"]) ?? "none";
  const nat = readNetworkNat(reader, egress);
  const routing = readNetworkRoutes(reader, egress !== "none" || nat.destination.length > 0);
  const vni = reader.integer("vni", minimumVni, maximumVni);
  reader.finish();
  const space = present({
    cidr: ipv4.given === undefined ? inputs["cidr"] : formatCidr(ipv4.given),
    prefixLength: ipv4.prefixLength ?? inputs["prefixLength"],
    ipv6Cidr: ipv6.given === undefined ? inputs["ipv6Cidr"] : formatCidr(ipv6.given),
    ipv6PrefixLength: ipv6.prefixLength ?? inputs["ipv6PrefixLength"],
    vni: vni ?? inputs["vni"],
  });
  return { reader, parsed: { fabric: fabric ?? "", space, egress, nat, routing } };
}

/** The link between a network's router and its host. */
function transitLink(pool: Value, vni: Value): Value {
  const [host, router] = transitPair(pool, vni);
  return { host, router };
}

/** What is the same on every host. */
function commonSpec(label: string, allocation: ValueMap, fabric: ValueMap): ValueMap {
  const { allottedCidr: cidr, allottedIpv6Cidr: ipv6Cidr } = allocation;
  return present({ label, vni: known(allocation, "vni"), mtu: known(fabric, "mtu"), cidr, ipv6Cidr });
}

/** The link to the host is there where something leaves or comes in. */
function routerSpec(
  common: ValueMap,
  fabric: ValueMap,
  { egress, nat, routing }: NetworkInputs,
  member: Member,
): ValueMap {
  const { vni = unknown, cidr, ipv6Cidr } = common;
  const links = present({
    // Left out for the usual one.
    mode: egress === "nat" ? undefined : egress,
    ipv4: cidr === undefined ? undefined : transitLink(known(fabric, "transitCidr"), vni),
    ipv6: ipv6Cidr === undefined ? undefined : transitLink(known(fabric, "ipv6TransitCidr"), vni),
  });
  const rules = natOn(nat, member);
  return present({
    ...common,
    egress: egress === "none" && rules === undefined ? undefined : links,
    nat: rules,
    blackholes: blackholesOf(routing),
  });
}

async function registerRouters(
  context: ConstructContext,
  members: readonly Member[],
  specOn: (member: Member) => ValueMap,
  dependency: string,
): Promise<ValueMap> {
  const routers = await Promise.all(
    members.map(async (member) => {
      const { name, urn, connection } = member;
      const router = await context.child({
        type: "sdn:linux:Router",
        name: `${context.name}-${name}`,
        inputs: { connection, host: name, spec: specOn(member) },
        dependencies: [urn, dependency],
      });
      return [name, router.urn] as const;
    }),
  );
  return Object.fromEntries(routers);
}

export const virtualNetwork: ComponentHandler = {
  token: "sdn:index:VirtualNetwork",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return read(inputs).reader.problems.list;
  },

  async construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    parseName(context.name, "name");
    const { parsed } = read(inputs);
    const fabric = await outputsOf(context, parsed.fabric);
    const members = membersOf(fabric);
    const allocation = await context.child({
      type: "sdn:ipam:NetworkAllocation",
      name: context.name,
      inputs: {
        ...parsed.space,
        label: context.name,
        fabric: parsed.fabric,
        vniRange: known(fabric, "vniRange"),
        pools: known(fabric, "addressPools"),
        ...(fabric["reservedCidrs"] === undefined ? {} : { reservedCidrs: fabric["reservedCidrs"] }),
        hostUris: members.map(({ uri }) => uri),
      },
      dependencies: members.map(({ urn }) => urn),
    });
    const common = commonSpec(context.name, allocation.outputs, fabric);
    const spaces = [common["cidr"], common["ipv6Cidr"]].filter((space) => typeof space === "string");
    checkNat(parsed.nat, spaces, members);
    checkRoutes(parsed.routing, spaces);
    const specOn = (member: Member): ValueMap => routerSpec(common, fabric, parsed, member);
    const routers = await registerRouters(context, members, specOn, allocation.urn);
    const { vni = unknown, allottedCidr: cidr, allottedIpv6Cidr: ipv6Cidr } = allocation.outputs;
    return present({
      vni,
      cidr,
      ipv6Cidr,
      mtu: known(fabric, "mtu"),
      egress: parsed.egress,
      fabric: nameOf(parsed.fabric),
      fabricUrn: parsed.fabric,
      vniRange: known(fabric, "vniRange"),
      underlayPort: known(fabric, "underlayPort"),
      hosts: members.map(memberValue),
      routers,
      routing: routingValue(
        parsed.routing,
        parsed.nat.destination.map(({ toAddress }) => toAddress),
      ),
    });
  },
};
