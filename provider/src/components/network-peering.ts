import type { Cidr } from "../model/cidr";
import { contains, formatCidr, overlaps, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { parseName } from "../model/name";
import { maximumVni, minimumVni } from "../model/vni";
import { InputReader } from "../inputs/input-reader";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { unknown } from "../rpc/value";
import type { Member } from "./member";
import { membersOf } from "./member";
import { known, nameOf, outputsOf, present, referenceOf, routerOf } from "./references";
import { transitPair } from "./transit";

interface PeeringInputs {
  readonly networks: readonly string[];
  readonly prefixes: readonly Cidr[] | undefined;
  /** As the allocation takes it. */
  readonly vni: Value | undefined;
}

/** One of the two networks, with the part of its space that takes part. */
interface Side {
  readonly name: string;
  readonly network: ValueMap;
  /** `undefined` while it is unknown. */
  readonly space: readonly Cidr[] | undefined;
}

const maximumPrefixes = 16;

function read(inputs: ValueMap): { reader: InputReader; parsed: PeeringInputs } {
  const reader = InputReader.of(inputs);
  const { problems } = reader;
  const refuse = (property: string, cause: string, remedy: string, value?: string | number): void => {
    problems.add(
      new SdnError({ code: "invalid-input", property, cause, remedy, ...(value === undefined ? {} : { value }) }),
    );
  };
  const listed = reader.require("networks", reader.list("networks"), "the two VirtualNetworks") ?? [];
  const networks = listed.flatMap((item, index) => {
    const urn = problems.collect(() => referenceOf(item, `networks[${index}]`, "sdn:index:VirtualNetwork"));
    return urn === undefined ? [] : [urn];
  });
  const given = reader.value("networks") !== undefined;
  if (given && listed.length !== 2) refuse("networks", "a peering is between two", "give two networks", listed.length);
  else if (networks.length === 2 && networks[0] === networks[1]) {
    refuse("networks[1]", "is the same network as the first", "give another one", nameOf(networks[1] ?? ""));
  }
  const texts = reader.texts("prefixes", (text, property) => formatCidr(parseCidr(text, property)));
  if (texts !== undefined && texts.length > maximumPrefixes) {
    refuse("prefixes", `at most ${maximumPrefixes} are possible`, "combine some, or leave the list out", texts.length);
  }
  const prefixes = texts?.map((text) => parseCidr(text, "prefixes"));
  prefixes?.forEach((prefix, index) => {
    const earlier = prefixes.slice(0, index).find((one) => overlaps(one, prefix));
    if (earlier === undefined) return;
    refuse(
      `prefixes[${index}]`,
      `overlaps ${formatCidr(earlier)} in the list`,
      "keep the larger one",
      formatCidr(prefix),
    );
  });
  const vni = reader.integer("vni", minimumVni, maximumVni) ?? inputs["vni"];
  reader.finish();
  return { reader, parsed: { networks, prefixes, vni } };
}

function spaceOf(network: ValueMap): readonly Cidr[] | undefined {
  const given = [network["cidr"], network["ipv6Cidr"]].filter((value) => value !== undefined);
  const texts = given.filter((value) => typeof value === "string");
  return texts.length === given.length && texts.length > 0 ? texts.map((text) => parseCidr(text, "cidr")) : undefined;
}

function refuseOverlap(left: Side, right: Side): void {
  for (const one of left.space ?? []) {
    for (const other of right.space ?? []) {
      if (!overlaps(one, other)) continue;
      throw new SdnError({
        code: "invalid-input",
        property: "networks",
        cause: `the spaces of ${left.name} (${formatCidr(one)}) and ${right.name} (${formatCidr(other)}) overlap`,
        remedy: "give one of the two another address space",
      });
    }
  }
}

/** What of each side takes part: the listed prefixes inside it, or all of it where none is. */
function restrict(sides: readonly [Side, Side], prefixes: readonly Cidr[] | undefined): readonly [Side, Side] {
  if (prefixes === undefined) return sides;
  const inside = ({ space }: Side, prefix: Cidr): boolean => space?.some((whole) => contains(whole, prefix)) === true;
  if (sides.every(({ space }) => space !== undefined)) {
    prefixes.forEach((prefix, index) => {
      if (sides.some((side) => inside(side, prefix))) return;
      const spaces = sides.map(({ name, space }) => `${name} (${(space ?? []).map(formatCidr).join(", ")})`);
      throw new SdnError({
        code: "invalid-input",
        property: `prefixes[${index}]`,
        value: formatCidr(prefix),
        cause: "lies in neither network's space",
        remedy: `choose a part of ${spaces.join(" or ")}`,
      });
    });
  }
  const part = (side: Side): Side => {
    const own = prefixes.filter((prefix) => inside(side, prefix));
    return own.length === 0 ? side : { ...side, space: own };
  };
  return [part(sides[0]), part(sides[1])];
}

function sideSpecs(sides: readonly [Side, Side], fabric: ValueMap, vni: Value): Value {
  const families = [
    ["ipv4", "cidr", "transitCidr"],
    ["ipv6", "ipv6Cidr", "ipv6TransitCidr"],
  ] as const;
  return sides.map(({ name, network, space }, end) => {
    const transits = families.flatMap(([family, cidr, pool]) =>
      sides.every((side) => side.network[cidr] !== undefined)
        ? [[family, transitPair(known(fabric, pool), vni)[end]] as const]
        : [],
    );
    const prefixes = space?.map(formatCidr) ?? unknown;
    return present({ network: name, routerVni: known(network, "vni"), prefixes, ...Object.fromEntries(transits) });
  });
}

async function registerPeerings(
  context: ConstructContext,
  sides: readonly [Side, Side],
  members: readonly Member[],
  spec: ValueMap,
  allocation: string,
): Promise<ValueMap> {
  const peerings = await Promise.all(
    members.map(async (member) => {
      const peering = await context.child({
        type: "sdn:linux:Peering",
        name: `${context.name}-${member.name}`,
        inputs: { connection: member.connection, host: member.name, spec },
        dependencies: [allocation, ...sides.flatMap(({ network }) => routerOf(network, member.name))],
      });
      return [member.name, peering.urn] as const;
    }),
  );
  return Object.fromEntries(peerings);
}

async function readSides(context: ConstructContext, networks: readonly string[]): Promise<readonly [Side, Side]> {
  const [left, right] = await Promise.all(
    networks.map(async (urn): Promise<Side> => {
      const network = await outputsOf(context, urn);
      return { name: nameOf(urn), network, space: spaceOf(network) };
    }),
  );
  if (left === undefined || right === undefined) throw new SdnError({ code: "internal", cause: "not two networks" });
  const [one, other] = [left, right].map(({ network }) => known(network, "fabricUrn"));
  if (typeof one === "string" && typeof other === "string" && one !== other) {
    throw new SdnError({
      code: "invalid-input",
      property: "networks",
      cause: `${left.name} is on fabric ${nameOf(one)}, ${right.name} on ${nameOf(other)}`,
      remedy: "a peering joins networks of one fabric",
    });
  }
  refuseOverlap(left, right);
  return [left, right];
}

export const networkPeering: ComponentHandler = {
  token: "sdn:index:NetworkPeering",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return read(inputs).reader.problems.list;
  },

  async construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    parseName(context.name, "name");
    const { parsed } = read(inputs);
    const sides = restrict(await readSides(context, parsed.networks), parsed.prefixes);
    const [{ network }] = sides;
    const fabricUrn = known(network, "fabricUrn");
    const fabric = typeof fabricUrn === "string" ? await outputsOf(context, fabricUrn) : {};
    const members = membersOf(network);
    const allocation = await context.child({
      type: "sdn:ipam:PeeringAllocation",
      name: context.name,
      inputs: present({
        label: context.name,
        fabric: fabricUrn,
        vniRange: known(network, "vniRange"),
        vni: parsed.vni,
        hostUris: members.map(({ uri }) => uri),
      }),
      dependencies: members.map(({ urn }) => urn),
    });
    const vni = known(allocation.outputs, "vni");
    const mtu = known(network, "mtu");
    const spec = { label: context.name, vni, mtu, sides: sideSpecs(sides, fabric, vni) };
    return {
      vni,
      networks: sides.map(({ name }) => name),
      prefixes: sides.flatMap(({ space }): readonly Value[] => space?.map(formatCidr) ?? [unknown]),
      fabric: typeof fabricUrn === "string" ? nameOf(fabricUrn) : unknown,
      peerings: await registerPeerings(context, sides, members, spec, allocation.urn),
    };
  },
};
