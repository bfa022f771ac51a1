import { SdnError } from "../model/error";
import { parseDnsName, parseName } from "../model/name";
import { Problems } from "../model/problems";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { Unknown, unknown } from "../rpc/value";
import { isList } from "../rpc/values";
import type { Member } from "./member";
import { membersOf } from "./member";
import { known, nameOf, outputsOf, present, routerOf } from "./references";
import { balancerSpec, balancerWarning } from "./service/balancer";
import { checkExposures, exposuresOn } from "./service/exposures";
import { backendMembers, backendSpecs, single } from "./service/backends";
import { readService, type ServiceInputs } from "./service/inputs";

/** What the entry has of its network and fabric. */
interface Surroundings {
  readonly network: ValueMap;
  readonly fabric: ValueMap;
  readonly members: readonly Member[];
  /** The network's DNS zone. */
  readonly zone: string | Unknown;
}

async function surroundingsOf(context: ConstructContext, urn: string): Promise<Surroundings> {
  const network = await outputsOf(context, urn);
  const fabricUrn = known(network, "fabricUrn");
  const fabric = typeof fabricUrn === "string" ? await outputsOf(context, fabricUrn) : {};
  const domain = known(fabric, "domain");
  const label = nameOf(urn).toLowerCase();
  const zone = typeof domain === "string" ? parseDnsName(`${label}.${domain}`, "network") : unknown;
  return { network, fabric, members: membersOf(network), zone };
}

/** Whole names: one without a dot is below the network's zone. */
function namesOf(parsed: ServiceInputs, name: string, zone: string | Unknown): readonly string[] | Unknown {
  const { names } = parsed;
  if (names instanceof Unknown || zone instanceof Unknown) return unknown;
  const given = names ?? [parseOwnName(name)];
  const whole = given.map((one) => (one.includes(".") ? one : `${one}.${zone}`));
  return [...new Set(whole)];
}

function parseOwnName(name: string): string {
  try {
    return parseDnsName(name, "names");
  } catch {
    throw new SdnError({
      code: "invalid-input",
      property: "names",
      value: name,
      cause: "the entry's own name is not a DNS name",
      remedy: "give names, or call the entry by letters, digits and hyphens alone",
    });
  }
}

/** The families in which the network has addresses, and the fabric virtual ones for them. */
function poolsOf({ network, fabric }: Surroundings): { readonly pool?: Value; readonly ipv6Pool?: Value } {
  return {
    ...(network["cidr"] === undefined ? {} : { pool: known(fabric, "serviceCidr") }),
    ...(network["ipv6Cidr"] === undefined ? {} : { ipv6Pool: known(fabric, "ipv6ServiceCidr") }),
  };
}

async function addresses(
  context: ConstructContext,
  parsed: ServiceInputs,
  around: Surroundings,
): Promise<{ readonly vips: ValueMap; readonly dependencies: readonly string[] }> {
  if (parsed.headless) return { vips: {}, dependencies: [] };
  const { members, network } = around;
  const pools = poolsOf(around);
  for (const [property, given, pool, family] of [
    ["vip", parsed.vip, pools.pool, "IPv4"],
    ["ipv6Vip", parsed.ipv6Vip, pools.ipv6Pool, "IPv6"],
  ] as const) {
    if (given === undefined || pool !== undefined) continue;
    const remedy = `leave ${property} out, or give the network an ${family} address space`;
    throw new SdnError({ code: "invalid-input", property, cause: `the network has no ${family}`, remedy });
  }
  const allocation = await context.child({
    type: "sdn:ipam:ServiceAllocation",
    name: context.name,
    inputs: present({
      label: context.name,
      fabric: known(network, "fabricUrn"),
      vip: parsed.vip,
      ipv6Vip: parsed.ipv6Vip,
      ...pools,
      hostUris: members.map(({ uri }) => uri),
    }),
    dependencies: members.map(({ urn }) => urn),
  });
  const { allottedVip, allottedIpv6Vip } = allocation.outputs;
  const vips = present({
    ipv4: pools.pool === undefined ? undefined : (allottedVip ?? unknown),
    ipv6: pools.ipv6Pool === undefined ? undefined : (allottedIpv6Vip ?? unknown),
  });
  return { vips, dependencies: [allocation.urn] };
}

/** Where the rest is asked: without a way out, nowhere, lest names be a way out. */
const upstreamsOf = ({ network, fabric }: Surroundings): Value => {
  const egress = known(network, "egress");
  if (egress instanceof Unknown) return unknown;
  return egress === "none" ? [] : (fabric["nameservers"] ?? "host");
};

async function specOf(
  context: ConstructContext,
  parsed: ServiceInputs,
  around: Surroundings,
  vips: ValueMap,
  names: readonly string[] | Unknown,
): Promise<{ readonly spec: ValueMap; readonly peers: Value }> {
  const problems = new Problems();
  const families = ([4, 6] as const).filter((family) => vips[family === 4 ? "ipv4" : "ipv6"] !== undefined);
  const place = { context, problems, network: parsed.network, networkOutputs: around.network, families };
  const backends = await backendSpecs(place, parsed.backends);
  problems.throwIfAny();
  const { pool, ipv6Pool } = poolsOf(around);
  const peers = await backendMembers(place, parsed.backends);
  const spec = present({
    label: context.name,
    name: context.name,
    routerVni: known(around.network, "vni"),
    ...vips,
    pools: [pool, ipv6Pool].filter((one) => one !== undefined),
    dns: { zone: around.zone, names, ttl: parsed.ttl, upstreams: upstreamsOf(around) },
    ...balancerSpec(parsed.balancer),
    ports: parsed.ports,
    backends,
  });
  return { spec, peers: withProcess(parsed, vips, peers) };
}

/** Where a process of the router balances, what a client sends goes to the virtual address all the way. */
function withProcess({ balancer }: ServiceInputs, vips: ValueMap, peers: Value): Value {
  if (balancerSpec(balancer)["balancer"] === undefined || !isList(peers)) return peers;
  const own = [vips["ipv4"], vips["ipv6"]].filter((vip) => vip !== undefined);
  return [...peers, ...own.map((vip) => ({ kind: "cidr", cidr: typeof vip === "string" ? single(vip) : unknown }))];
}

export const serviceEntry: ComponentHandler = {
  token: "sdn:index:ServiceEntry",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return readService(inputs).reader.problems.list;
  },

  async construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    parseName(context.name, "name");
    const { parsed } = readService(inputs);
    const around = await surroundingsOf(context, parsed.network);
    const names = namesOf(parsed, context.name, around.zone);
    const { vips, dependencies } = await addresses(context, parsed, around);
    const { spec, peers } = await specOf(context, parsed, around, vips, names);
    const { network, members, zone, fabric } = around;
    checkExposures(parsed.exposures, parsed.ports, network, members);
    if (parsed.exposures instanceof Unknown || parsed.exposures.length > 0) {
      context.log("info", "expose: backends see an address of the router, not the client's.");
    }
    const lost = balancerWarning(parsed.balancer);
    if (lost !== undefined) context.log("warning", lost);
    const specOn = (member: Member): ValueMap =>
      present({ ...spec, exposures: exposuresOn(parsed.exposures, member, fabric, known(network, "vni")) });
    await Promise.all(
      members.map((member) =>
        context.child({
          type: "sdn:linux:Service",
          name: `${context.name}-${member.name}`,
          inputs: { connection: member.connection, host: member.name, spec: specOn(member) },
          dependencies: [...dependencies, ...routerOf(network, member.name)],
        }),
      ),
    );
    return present({
      vip: vips["ipv4"],
      ipv6Vip: vips["ipv6"],
      names,
      zone,
      network: nameOf(parsed.network),
      networkVni: known(network, "vni"),
      fabricUrn: known(network, "fabricUrn"),
      members: peers,
      hosts: members.map(({ name }) => name),
    });
  },
};
