/** An allocation's inputs from its id alone: everything given, as the hosts of its fabric remember it. */
import type { FleetIntents, HostView } from "../compile/fleet-intents";
import { fleetIntents } from "../compile/fleet-intents";
import type { SegmentAddressing } from "../compile/intent";
import { SdnError } from "../model/error";
import type { CallContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { connectionFromUri } from "./connection-inputs";
import type { Hosts } from "./hosts";
import type { AllocationNoun } from "./run-allocations";
import { ownerOf, splitUrn } from "./owner";

/** The hosts that an id names, and what it says after them: `ssh://root@192.0.2.11:22,ssh://…#subnet-5001`. */
interface ImportId {
  readonly uris: readonly string[];
  readonly vni: number;
  /** Of an endpoint and of a service, whose VNI is that of its subnet and of its network. */
  readonly name: string | undefined;
}

type Noun = AllocationNoun;

/** Nouns whose ids say a name beside the VNI: of what has none of its own. */
const isNamed = (noun: Noun): boolean => noun === "endpoint" || noun === "service";

/** `undefined` where the hosts remember no such thing. */
export async function importedAllocation(
  noun: Noun,
  hosts: Hosts,
  context: CallContext,
  urn: string,
  id: string,
): Promise<ValueMap | undefined> {
  const parsed = parseId(noun, id);
  const views = await Promise.all(parsed.uris.map((uri) => viewOf(hosts, uri, id, noun, context)));
  const all = fleetIntents(views);
  const owner = ownerOf(urn);
  const stranger = ownerOfKey(all, noun, parsed);
  if (stranger !== undefined && stranger !== owner) {
    throw new SdnError({ code: "conflict", value: id, cause: `belongs to ${stranger}, not to ${owner}` });
  }
  const found = readers[noun](all, parsed, componentUrns(urn));
  return found === undefined ? undefined : { ...defined(found), hostUris: parsed.uris };
}

function parseId(noun: Noun, id: string): ImportId {
  const [, uris = "", vni = "", name] =
    new RegExp(isNamed(noun) ? `^(.+)#${noun}-(\\d+)-(.+)$` : `^(.+)#${noun}-(\\d+)$`).exec(id) ?? [];
  if (uris === "") throw refusedId(noun, id);
  return { uris: uris.split(","), vni: Number(vni), name };
}

function refusedId(noun: Noun, id: string): SdnError {
  const rest = isNamed(noun) ? `${noun}-VNI-NAME` : `${noun}-VNI`;
  return new SdnError({
    code: "invalid-input",
    property: "id",
    value: id,
    cause: "is not an id of this resource",
    remedy: `write HOST[,HOST…]#${rest} with all its hosts, for example ssh://root@192.0.2.11:22#${rest.replace("VNI", "4097")}`,
  });
}

async function viewOf(hosts: Hosts, uri: string, id: string, noun: Noun, context: CallContext): Promise<HostView> {
  const connection = hosts.known(uri) ?? connectionFromUri(uri);
  if (connection === undefined) throw refusedId(noun, id);
  const snapshot = await hosts.session(connection).read([], context.signal);
  return { name: snapshot.facts?.hostname ?? uri, uri, snapshot, problem: undefined };
}

function ownerOfKey(
  { routers, segments, ports, peerings, services }: FleetIntents,
  noun: Noun,
  { vni, name }: ImportId,
): string | undefined {
  if (noun === "service") {
    return services.find(({ intent }) => intent.routerVni === vni && intent.name === name)?.intent.owner;
  }
  const endpoints = ports.filter(({ intent }) => intent.name === name);
  const kinds = { network: routers, subnet: segments, endpoint: endpoints, peering: peerings };
  return kinds[noun].find(({ intent }) => intent.vni === vni)?.intent.owner;
}

type UrnOf = (type: string, name: string) => string;

/** URNs of the components that the allocation would have been made by. */
function componentUrns(urn: string): UrnOf {
  const { stack, project } = splitUrn(urn);
  return (type, name) => `urn:pulumi:${stack}::${project}::sdn:index:${type}::${name}`;
}

type Found = Readonly<Record<string, Value | undefined>>;
type Reader = (all: FleetIntents, id: ImportId, urnOf: UrnOf) => Found | undefined;

const readers: Readonly<Record<Noun, Reader>> = {
  network: ({ routers }, { vni }, urnOf) => {
    const intent = routers.find((one) => one.intent.vni === vni)?.intent;
    if (intent === undefined) return undefined;
    const { label, cidr, ipv6Cidr } = intent;
    const pools = ["10.128.0.0/9"];
    return { label, cidr, ipv6Cidr, vni, fabric: urnOf("Fabric", "fabric"), vniRange: rangeAround(vni), pools };
  },
  subnet: ({ routers, segments }, { vni }, urnOf) => {
    const own = segments.filter((one) => one.intent.vni === vni);
    const intent = own[0]?.intent;
    if (intent === undefined) return undefined;
    const { label, routerVni: networkVni, ipv4, ipv6 } = intent;
    const router = routers.find((one) => one.intent.vni === networkVni)?.intent;
    const ranges = (family: "ipv4" | "ipv6"): Value | undefined => {
      const given = own.flatMap((one) =>
        one.intent[family] === undefined ? [] : [[one.host, one.intent[family].range]],
      );
      return given.length === 0 ? undefined : (Object.fromEntries(given) as ValueMap);
    };
    return {
      label,
      cidr: ipv4?.cidr,
      ipv6Cidr: ipv6?.cidr,
      hostRangePrefixLength: unusualLength(ipv4),
      ipv6HostRangePrefixLength: unusualLength(ipv6),
      hostRanges: ranges("ipv4"),
      ipv6HostRanges: ranges("ipv6"),
      vni,
      networkVni,
      fabric: urnOf("Fabric", "fabric"),
      network: urnOf("VirtualNetwork", router?.label ?? `network-${networkVni}`),
      vniRange: rangeAround(vni),
      pool: router?.cidr ?? ipv4?.cidr,
      ipv6Pool: router?.ipv6Cidr ?? ipv6?.cidr,
      hosts: own.map(({ host }) => host),
    };
  },
  peering: ({ peerings }, { vni }, urnOf) => {
    const intent = peerings.find((one) => one.intent.vni === vni)?.intent;
    if (intent === undefined) return undefined;
    return { label: intent.label, vni, fabric: urnOf("Fabric", "fabric"), vniRange: rangeAround(vni) };
  },
  service: ({ services }, { vni, name }, urnOf) => {
    const intent = services.find((one) => one.intent.routerVni === vni && one.intent.name === name)?.intent;
    if (intent === undefined) return undefined;
    const { label, ipv4: vip, ipv6: ipv6Vip, pools } = intent;
    const pool = pools.find((one) => !one.includes(":"));
    const ipv6Pool = pools.find((one) => one.includes(":"));
    return { label, vip, ipv6Vip, fabric: urnOf("Fabric", "fabric"), pool, ipv6Pool };
  },
  endpoint: ({ segments, ports }, { vni, name }, urnOf) => {
    const intent = ports.find((one) => one.intent.vni === vni && one.intent.name === name)?.intent;
    const segment = segments.find((one) => one.intent.vni === vni)?.intent;
    if (intent === undefined || segment === undefined) return undefined;
    const bare = (address: string | undefined): string | undefined => address?.replace(/\/.*$/, "");
    return {
      label: intent.label,
      ipv4Address: bare(intent.ipv4?.address),
      ipv6Address: bare(intent.ipv6?.address),
      macAddress: intent.mac,
      subnet: urnOf("Subnet", segment.label),
      cidr: segment.ipv4?.cidr,
      hostRangePrefixLength: lengthOf(segment.ipv4),
      ipv6Cidr: segment.ipv6?.cidr,
      ipv6HostRangePrefixLength: lengthOf(segment.ipv6),
    };
  },
};

const usual = { start: 4096, end: 12287 };
const rangeAround = (vni: number): ValueMap =>
  vni >= usual.start && vni <= usual.end ? usual : { start: vni, end: vni };

const prefixLength = (cidr: string): number => Number(cidr.slice(cidr.indexOf("/") + 1));
const lengthOf = (family: SegmentAddressing | undefined): number | undefined =>
  family === undefined ? undefined : prefixLength(family.range);
const unusualLength = (family: SegmentAddressing | undefined): number | undefined =>
  family === undefined || prefixLength(family.range) === prefixLength(family.cidr) + 4 ? undefined : lengthOf(family);

const defined = (found: Found): ValueMap =>
  Object.fromEntries(Object.entries(found).filter((entry): entry is [string, Value] => entry[1] !== undefined));
