import { formatCidr, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { parseDockerName, parseName } from "../model/name";
import { maximumVni, minimumVni } from "../model/vni";
import { readAllocationRules, rulesValue } from "../inputs/allocation-rules";
import type { GivenRanges } from "../inputs/spaces";
import { readGivenRanges, readSpace } from "../inputs/spaces";
import { InputReader } from "../inputs/input-reader";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { isValueMap, Unknown, unknown } from "../rpc/value";
import type { VtepBook } from "../ipam/vtep-book";
import type { Member } from "./member";
import { memberValue, membersOf } from "./member";
import { routesIn } from "./network-routes";
import { checkNextHops, nobodys } from "./next-hops";
import { peersOf } from "./peers";
import { known, nameOf, outputsOf, present, referenceOf, refuseRepeated, routerOf } from "./references";

interface SubnetInputs {
  readonly network: string;
  readonly space: ValueMap;
  /** Names of the hosts that it spans; `undefined` for all of the fabric. */
  readonly hosts: readonly string[] | undefined;
  readonly docker: boolean;
  /** Layer 2 only. */
  readonly internal: boolean;
  readonly dockerNetworkName: string | undefined;
}

function read(inputs: ValueMap): { reader: InputReader; parsed: SubnetInputs } {
  const reader = InputReader.of(inputs);
  const network = reader.problems.collect(() =>
    referenceOf(reader.value("network"), "network", "sdn:index:VirtualNetwork"),
  );
  const ipv4 = readSpace(reader, 4);
  const ipv6 = readSpace(reader, 6);
  const parsed = {
    network: network ?? "",
    space: present({
      cidr: ipv4.given === undefined ? inputs["cidr"] : formatCidr(ipv4.given),
      prefixLength: ipv4.prefixLength ?? inputs["prefixLength"],
      hostRangePrefixLength: reader.integer("hostRangePrefixLength", 1, 30) ?? inputs["hostRangePrefixLength"],
      ipv6Cidr: ipv6.given === undefined ? inputs["ipv6Cidr"] : formatCidr(ipv6.given),
      ipv6PrefixLength: ipv6.prefixLength ?? inputs["ipv6PrefixLength"],
      ipv6HostRangePrefixLength:
        reader.integer("ipv6HostRangePrefixLength", 1, 126) ?? inputs["ipv6HostRangePrefixLength"],
      vni: reader.integer("vni", minimumVni, maximumVni) ?? inputs["vni"],
      hostRanges: given(readGivenRanges(reader, 4), inputs["hostRanges"]),
      ipv6HostRanges: given(readGivenRanges(reader, 6), inputs["ipv6HostRanges"]),
      ...rulesOf(reader, inputs),
    }),
    hosts: reader.texts("hosts", parseName),
    docker: reader.boolean("docker") ?? true,
    internal: reader.boolean("internal") ?? false,
    dockerNetworkName: reader.parsed("dockerNetworkName", parseDockerName),
  };
  reader.finish();
  const listed = (reader.list("hosts") ?? []).map((name) => (typeof name === "string" ? name : undefined));
  refuseRepeated(reader.problems, "hosts", listed);
  return { reader, parsed };
}

/** As text; a value that is not known yet stays what it is. */
function given(ranges: GivenRanges | undefined, input: Value | undefined): Value | undefined {
  if (ranges === undefined) return input;
  return Object.fromEntries([...ranges].map(([host, cidr]) => [host, formatCidr(cidr)]));
}

/** As they are where something in them is not known yet. */
function rulesOf(reader: InputReader, { allocationRanges, reservations }: ValueMap): ReturnType<typeof present> {
  const rules = readAllocationRules(reader);
  const isKnown = ![...reader.unknowns].some((path) => /^(allocationRanges|reservations)/.test(path));
  return present(isKnown ? rulesValue(rules) : { allocationRanges, reservations });
}

function spanned(members: readonly Member[], wanted: readonly string[] | undefined): readonly Member[] {
  if (wanted === undefined) return members;
  return wanted.map((name, index) => {
    const member = members.find((one) => one.name === name);
    if (member !== undefined) return member;
    throw new SdnError({
      code: "invalid-input",
      property: `hosts[${index}]`,
      value: name,
      cause: "is not a host of the fabric",
      remedy: `choose from ${members.map((one) => one.name).join(", ")}`,
    });
  });
}

/** One family's part of a segment on one host. */
function addressing(allocation: Value | undefined, host: string): Value | undefined {
  if (allocation === undefined || allocation instanceof Unknown) return allocation;
  if (!isValueMap(allocation)) return undefined;
  const ranges = known(allocation, "ranges");
  const own = isValueMap(ranges) ? ranges[host] : undefined;
  if (!isValueMap(own)) return unknown;
  return present({
    cidr: known(allocation, "cidr"),
    gateway: known(allocation, "gateway"),
    router: known(own, "router"),
    range: known(own, "cidr"),
    pool: own["pool"],
  });
}

/** The network's routes that lead by this subnet; what is not known yet of its addresses is not looked at. */
function routesOf(
  network: ValueMap,
  name: string,
  families: readonly (Value | undefined)[],
  internal: boolean,
): ValueMap {
  const allotted = families.filter((family) => isValueMap(family));
  const own = allotted.flatMap(({ cidr }) => (typeof cidr === "string" ? [parseCidr(cidr, "cidr")] : []));
  checkNextHops(network, name, allotted.flatMap(nobodys));
  return routesIn(network, own, internal);
}

/** Whether this host's engine gets a Docker network for the subnet; unknown while the host is. */
function dockerNetworkOn(member: Member, name: string, wanted: boolean, ipv4: Value | undefined): Value | undefined {
  if (!wanted || ipv4 === undefined) return undefined;
  if (member.hasDocker instanceof Unknown) return unknown;
  return member.hasDocker === true ? name : undefined;
}

export const subnet = (vteps: VtepBook): ComponentHandler => ({
  token: "sdn:index:Subnet",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return read(inputs).reader.problems.list;
  },

  async construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    parseName(context.name, "name");
    const { parsed } = read(inputs);
    const network = await outputsOf(context, parsed.network);
    const members = spanned(membersOf(network), parsed.hosts);
    const allocation = await context.child({
      type: "sdn:ipam:SubnetAllocation",
      name: context.name,
      inputs: present({
        ...parsed.space,
        label: context.name,
        fabric: known(network, "fabricUrn"),
        network: parsed.network,
        networkVni: known(network, "vni"),
        vniRange: known(network, "vniRange"),
        pool: network["cidr"],
        ipv6Pool: network["ipv6Cidr"],
        hosts: members.map(({ name }) => name),
        hostUris: members.map(({ uri }) => uri),
      }),
      dependencies: members.map(({ urn }) => urn),
    });
    const dockerName = parsed.dockerNetworkName ?? `${nameOf(parsed.network)}-${context.name}`;
    const { ipv4, ipv6 } = allocation.outputs;
    const routes = routesOf(network, context.name, [ipv4, ipv6], parsed.internal);
    const peersOn = peersOf(members, vteps);
    const segments = await Promise.all(
      members.map(async (member) => {
        const docker = dockerNetworkOn(member, dockerName, parsed.docker, ipv4);
        const segment = await context.child({
          type: "sdn:linux:Segment",
          name: `${context.name}-${member.name}`,
          inputs: {
            connection: member.connection,
            host: member.name,
            spec: present({
              label: context.name,
              vni: known(allocation.outputs, "vni"),
              routerVni: known(network, "vni"),
              mtu: known(network, "mtu"),
              underlay: member.underlayAddress,
              port: known(network, "underlayPort"),
              peers: peersOn(member),
              ipv4: addressing(ipv4, member.name),
              ipv6: addressing(ipv6, member.name),
              dockerNetwork: docker,
              ...routes,
            }),
          },
          dependencies: [allocation.urn, ...routerOf(network, member.name)],
        });
        return [member.name, segment.urn] as const;
      }),
    );
    return outputs(network, allocation.outputs, parsed, dockerName, members, Object.fromEntries(segments));
  },
});

function outputs(
  network: ValueMap,
  allocation: ValueMap,
  parsed: SubnetInputs,
  dockerName: string,
  members: readonly Member[],
  segments: ValueMap,
): ValueMap {
  const part = (family: Value | undefined, name: string): Value | undefined =>
    isValueMap(family) ? family[name] : family;
  const { ipv4, ipv6, vni = unknown } = allocation;
  return present({
    vni,
    cidr: part(ipv4, "cidr"),
    gateway: parsed.internal ? undefined : part(ipv4, "gateway"),
    hostRanges: part(ipv4, "ranges"),
    hostRangePrefixLength: part(ipv4, "hostRangePrefixLength"),
    layout: part(ipv4, "layout"),
    ipv6Cidr: part(ipv6, "cidr"),
    ipv6Gateway: parsed.internal ? undefined : part(ipv6, "gateway"),
    internal: parsed.internal,
    ipv6HostRanges: part(ipv6, "ranges"),
    ipv6HostRangePrefixLength: part(ipv6, "hostRangePrefixLength"),
    ipv6Layout: part(ipv6, "layout"),
    mtu: known(network, "mtu"),
    dockerNetworkName: parsed.docker && ipv4 !== undefined ? dockerName : undefined,
    networkVni: known(network, "vni"),
    fabricUrn: known(network, "fabricUrn"),
    hosts: members.map(memberValue),
    segments,
  });
}
