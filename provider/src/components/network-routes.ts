import { formatAddress, parseAddress } from "../model/address";
import type { Cidr } from "../model/cidr";
import { contains, formatCidr, inCidr, overlaps, parseCidr, sameCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import type { InputReader } from "../inputs/input-reader";
import { maximumPriority } from "../compile/segment-routes";
import type { Value, ValueMap } from "../rpc/value";
import { isValueMap } from "../rpc/value";
import { mapsOf, present } from "./references";

export interface RouteRule {
  readonly destination: string;
  /** An address, or `blackhole`. */
  readonly nextHop: string;
}

export interface PolicyRule {
  readonly priority: number;
  readonly from: string;
  readonly to: string | undefined;
  readonly nextHop: string;
}

export interface RouteInputs {
  readonly routes: readonly RouteRule[];
  readonly policyRoutes: readonly PolicyRule[];
}

const maximumRoutes = 16;
const maximumPolicyRoutes = 8;

const cidr = (text: string, property: string): string => formatCidr(parseCidr(text, property));
const address = (text: string, property: string): string => formatAddress(parseAddress(text, property));
const hop = (text: string, property: string): string => (text === "blackhole" ? text : address(text, property));
const familyOf = (text: string): 4 | 6 => (text.includes(":") ? 6 : 4);

function refuse(reader: InputReader, property: string, cause: string, remedy: string, value?: string | number): void {
  const shown = value === undefined ? {} : { value };
  reader.problems.add(new SdnError({ code: "invalid-input", property, cause, remedy, ...shown }));
}

function sameFamily(reader: InputReader, name: string, text: string | undefined, other: string, than: string): void {
  if (text === undefined || text === "blackhole" || familyOf(text) === familyOf(other)) return;
  const cause = `is IPv${familyOf(text)}, but ${than} is IPv${familyOf(other)}`;
  refuse(reader, reader.at(name), cause, "keep to one family", text);
}

function readRoute(reader: InputReader): RouteRule | undefined {
  const destination = reader.require("destination", reader.parsed("destination", cidr), "a CIDR");
  const nextHop = reader.require("nextHop", reader.parsed("nextHop", hop), "an address in a subnet, or blackhole");
  reader.finish();
  if (destination === undefined || nextHop === undefined) return undefined;
  sameFamily(reader, "nextHop", nextHop, destination, "destination");
  return { destination, nextHop };
}

function readPolicyRoute(reader: InputReader): PolicyRule | undefined {
  const priority = reader.require(
    "priority",
    reader.integer("priority", 1, maximumPriority),
    `1 to ${maximumPriority}`,
  );
  const from = reader.require("from", reader.parsed("from", cidr), "the sources that it is for");
  const to = reader.parsed("to", cidr);
  const nextHop = reader.require("nextHop", reader.parsed("nextHop", address), "an address in a subnet");
  reader.finish();
  if (priority === undefined || from === undefined || nextHop === undefined) return undefined;
  sameFamily(reader, "to", to, from, "from");
  sameFamily(reader, "nextHop", nextHop, from, "from");
  return { priority, from, to, nextHop };
}

/** A network's `routes` and `policyRoutes`; problems of all at once. `hasLink`: whether something leads outside. */
export function readNetworkRoutes(reader: InputReader, hasLink: boolean): RouteInputs {
  const whole = <T>(items: readonly (T | undefined)[] | undefined): readonly T[] =>
    (items ?? []).filter((item) => item !== undefined);
  const routes = whole(reader.objects("routes")?.map(readRoute));
  const policyRoutes = whole(reader.objects("policyRoutes")?.map(readPolicyRoute));
  for (const [property, count, most] of [
    ["routes", routes.length, maximumRoutes],
    ["policyRoutes", policyRoutes.length, maximumPolicyRoutes],
  ] as const) {
    if (count > most) refuse(reader, property, `at most ${most} are possible`, "combine some", count);
  }
  routes.forEach(({ destination }, index) => {
    const property = `routes[${index}].destination`;
    if (routes.slice(0, index).some((earlier) => earlier.destination === destination)) {
      refuse(reader, property, "is in the list already", "a destination has one next hop", destination);
    }
    if (destination.endsWith("/0") && hasLink) {
      const remedy = "use policyRoutes for a part of the traffic, or take egress and nat.destination away";
      refuse(reader, property, "the network has a default route already, to its hosts", remedy, destination);
    }
  });
  policyRoutes.forEach(({ priority, from }, index) => {
    const earlier = policyRoutes.slice(0, index);
    if (!earlier.some((one) => one.priority === priority && familyOf(one.from) === familyOf(from))) return;
    refuse(reader, `policyRoutes[${index}].priority`, "is in the list already", "give each its own", priority);
  });
  return { routes, policyRoutes };
}

/** What can only be told where the network's space is known. */
export function checkRoutes({ routes, policyRoutes }: RouteInputs, spaces: readonly string[]): void {
  const whole = spaces.map((text) => parseCidr(text, "cidr"));
  if (whole.length === 0) return;
  const shown = spaces.join(", ");
  const fail = (property: string, value: string, cause: string, remedy: string): never => {
    throw new SdnError({ code: "invalid-input", property, value, cause, remedy });
  };
  const hopInside = (property: string, nextHop: string): void => {
    if (nextHop === "blackhole") return;
    if (whole.some((space) => inCidr(parseAddress(nextHop, property), space))) return;
    fail(property, nextHop, `lies outside of the network's space ${shown}`, "give an address in one of its subnets");
  };
  routes.forEach(({ destination, nextHop }, index) => {
    const property = `routes[${index}].destination`;
    const block = parseCidr(destination, property);
    if (whole.some((space) => sameCidr(space, block))) {
      fail(property, destination, "is the network's own space", "choose a part of it, or what is outside");
    }
    hopInside(`routes[${index}].nextHop`, nextHop);
  });
  policyRoutes.forEach(({ from, nextHop }, index) => {
    const property = `policyRoutes[${index}].from`;
    if (!whole.some((space) => contains(space, parseCidr(from, property)))) {
      fail(property, from, `lies outside of the network's space ${shown}`, "choose a part of it");
    }
    hopInside(`policyRoutes[${index}].nextHop`, nextHop);
  });
}

/** What the router itself drops; the rest goes with the subnets of the next hops. */
export function blackholesOf({ routes }: RouteInputs): readonly string[] | undefined {
  const found = routes.filter(({ nextHop }) => nextHop === "blackhole").map(({ destination }) => destination);
  return found.length === 0 ? undefined : found;
}

/** What subnets need to know of their network's routing, as an output of the network. */
export function routingValue({ routes, policyRoutes }: RouteInputs, toAddresses: readonly string[]): ValueMap {
  return {
    routes: routes.map((route) => ({ ...route })),
    policyRoutes: policyRoutes.map((route) => present({ ...route })),
    toAddresses: [...toAddresses],
  };
}

/** The part of the network's routing whose next hops are in a subnet, for its segments. */
export function routesIn(network: ValueMap, subnet: readonly Cidr[], internal: boolean): ValueMap {
  const routing = network["routing"];
  if (!isValueMap(routing)) return internal ? { internal } : {};
  const inside = (text: Value | undefined): boolean =>
    typeof text === "string" &&
    text !== "blackhole" &&
    subnet.some((block) => inCidr(parseAddress(text, "nextHop"), block));
  const routes = mapsOf(routing, "routes").filter(({ nextHop }) => inside(nextHop));
  const policyRoutes = mapsOf(routing, "policyRoutes").filter(({ nextHop }) => inside(nextHop));
  const fail = (property: string, value: Value | undefined, cause: string, remedy: string): never => {
    const shown = typeof value === "string" ? { value } : {};
    throw new SdnError({ code: "invalid-input", property, ...shown, cause, remedy });
  };
  if (internal) {
    const needed = [...routes, ...policyRoutes].map(({ nextHop }) => nextHop);
    const toAddresses = routing["toAddresses"];
    const wanted = Array.isArray(toAddresses) ? (toAddresses as readonly Value[]).find(inside) : undefined;
    if (needed.length > 0)
      fail(
        "internal",
        needed[0],
        "a route of the network has its next hop here",
        "an internal subnet has no router: take the route away, or internal",
      );
    if (wanted !== undefined)
      fail(
        "internal",
        wanted,
        "nat.destination of the network leads here",
        "an internal subnet has no router: take the rule away, or internal",
      );
    return { internal };
  }
  for (const { destination } of mapsOf(routing, "routes")) {
    const block = typeof destination === "string" ? parseCidr(destination, "destination") : undefined;
    const shadowed = subnet.find((own) => block !== undefined && contains(own, block));
    if (shadowed !== undefined) {
      fail(
        "cidr",
        formatCidr(shadowed),
        `the network has a route to ${textOf(destination)}, which would hide a part of this subnet`,
        "choose other addresses, or take the route away",
      );
    }
  }
  for (const { from, nextHop } of policyRoutes) {
    const block = typeof from === "string" ? parseCidr(from, "from") : undefined;
    if (block === undefined || !subnet.some((own) => overlaps(own, block))) continue;
    fail(
      "cidr",
      from,
      `a policy route leads these sources to ${textOf(nextHop)}, which is in the same subnet`,
      "put the next hop into a subnet of its own",
    );
  }
  return present({
    routes: routes.length === 0 ? undefined : routes,
    policyRoutes: policyRoutes.length === 0 ? undefined : policyRoutes,
  });
}

const textOf = (value: Value | undefined): string => (typeof value === "string" ? value : "");
