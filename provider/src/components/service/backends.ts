/** What a service entry's backends are, as hosts take them. */
import { SdnError } from "../../model/error";
import type { Problems } from "../../model/problems";
import type { ConstructContext } from "../../rpc/handlers";
import type { Value, ValueMap } from "../../rpc/value";
import { isValueMap, Unknown, unknown } from "../../rpc/value";
import { isList } from "../../rpc/values";
import { endpointRef } from "../firewall/resolve";
import { known, nameOf, outputsOf, present } from "../references";
import type { BackendInput } from "./inputs";

/** The network of the entry, and what it asks. */
export interface Place {
  readonly context: ConstructContext;
  readonly problems: Problems;
  readonly network: string;
  readonly networkOutputs: ValueMap;
  /** Whether the entry has a virtual address of IPv4, and of IPv6. */
  readonly families: readonly (4 | 6)[];
}

export async function backendSpecs(place: Place, backends: readonly BackendInput[] | Unknown): Promise<Value> {
  if (backends instanceof Unknown) return unknown;
  const specs = await Promise.all(backends.map((backend) => specsOf(place, backend)));
  if (specs.some((one) => one instanceof Unknown)) return unknown;
  const flat = (specs as readonly (readonly Value[])[]).flat();
  refuseRepeated(place.problems, flat);
  return flat;
}

async function specsOf(place: Place, backend: BackendInput): Promise<readonly Value[] | Unknown> {
  switch (backend.kind) {
    case "endpoint":
      return endpointSpecs(place, backend, backend.urn);
    case "group":
      return groupSpecs(place, backend);
    case "address":
      return [present({ kind: "address", address: backend.address, weight: backend.weight })];
    case "externalName":
      return [{ kind: "external", name: backend.name }];
  }
}

/** Which endpoints a group holds must be known now: hosts keep no list of them between runs. */
async function groupSpecs(
  place: Place,
  backend: Extract<BackendInput, { kind: "endpoint" | "group" }>,
): Promise<readonly Value[] | Unknown> {
  const outputs = await outputsOf(place.context, backend.urn);
  const members = known(outputs, "members");
  const urns = known(outputs, "endpoints");
  if (!isList(members) || !isList(urns)) return unknown;
  const other = members.find((member) => isValueMap(member) && member["kind"] !== "endpoint");
  if (isValueMap(other)) {
    const kind = typeof other["kind"] === "string" ? other["kind"] : "something else";
    place.problems.add(
      new SdnError({
        code: "invalid-input",
        property: `${backend.at}.group`,
        value: nameOf(backend.urn),
        cause: `holds members by ${kind}, of which nobody knows what ports they serve`,
        remedy: "give a group that names its endpoints one by one, or the endpoints themselves",
      }),
    );
    return [];
  }
  const all = await Promise.all(
    urns.map((urn) => (typeof urn === "string" ? endpointSpecs(place, backend, urn) : Promise.resolve(unknown))),
  );
  if (all.some((one) => one instanceof Unknown)) return unknown;
  return (all as readonly (readonly Value[])[]).flat();
}

async function endpointSpecs(place: Place, backend: BackendInput, urn: string): Promise<readonly Value[] | Unknown> {
  const outputs = await outputsOf(place.context, urn);
  const { problems, networkOutputs } = place;
  problems.collect(() => {
    refuseOther(place, backend, urn, outputs);
  });
  const addresses = [outputs["ipv4Address"], outputs["ipv6Address"]].filter((address) => address !== undefined);
  const [wanted, mine] = [known(networkOutputs, "vni"), known(outputs, "networkVni")];
  if (typeof wanted !== "number" || typeof mine !== "number") return unknown;
  const neighbour =
    outputs["macKnown"] === false ? undefined : { vni: known(outputs, "subnetVni"), mac: known(outputs, "macAddress") };
  return addresses.map((address) => present({ kind: "address", address, weight: backend.weight, neighbour }));
}

function refuseOther(place: Place, { at }: BackendInput, urn: string, outputs: ValueMap): void {
  const shared = outputs["networkMode"];
  const refuse = (cause: string, remedy: string): never => {
    throw new SdnError({ code: "invalid-input", property: at, value: nameOf(urn), cause, remedy });
  };
  if (typeof shared === "string" && (shared === "host" || shared.startsWith("container:"))) {
    refuse(`has no addresses of its own (networkMode ${shared})`, "name the endpoint that it shares with, or address");
  }
  const [wanted, mine] = [known(place.networkOutputs, "vni"), known(outputs, "networkVni")];
  if (typeof wanted === "number" && typeof mine === "number" && wanted !== mine) {
    refuse(`is not in network ${nameOf(place.network)}`, "give endpoints of the entry's own network, or an address");
  }
  const [v4, v6] = [outputs["ipv4Address"] !== undefined, outputs["ipv6Address"] !== undefined];
  for (const family of place.families) {
    if (family === 4 ? v4 : v6) continue;
    place.context.log(
      "warning",
      `${at}: ${nameOf(urn)} has no IPv${family} address, so the entry's IPv${family} connections never reach it.`,
    );
  }
}

/** The same as a policy takes them that names the entry as a peer. What is outside by its name is nobody here. */
export async function backendMembers(place: Place, backends: readonly BackendInput[] | Unknown): Promise<Value> {
  if (backends instanceof Unknown) return unknown;
  const members = await Promise.all(backends.map((backend) => membersOf(place, backend)));
  return members.some((one) => one instanceof Unknown) ? unknown : (members as readonly (readonly Value[])[]).flat();
}

async function membersOf({ context }: Place, backend: BackendInput): Promise<readonly Value[] | Unknown> {
  switch (backend.kind) {
    case "endpoint":
      return [{ kind: "endpoint", ...endpointRef(nameOf(backend.urn), await outputsOf(context, backend.urn)) }];
    case "group": {
      const members = known(await outputsOf(context, backend.urn), "members");
      return isList(members) ? members : unknown;
    }
    case "address":
      return [{ kind: "cidr", cidr: typeof backend.address === "string" ? single(backend.address) : unknown }];
    case "externalName":
      return [];
  }
}

export const single = (address: string): string => `${address}/${address.includes(":") ? 128 : 32}`;

function refuseRepeated(problems: Problems, specs: readonly Value[]): void {
  const seen = new Set<string>();
  for (const spec of specs) {
    const address = isValueMap(spec) ? spec["address"] : undefined;
    if (typeof address !== "string") continue;
    if (seen.has(address)) {
      problems.add(
        new SdnError({
          code: "invalid-input",
          property: "backends",
          value: address,
          cause: "is in the list twice",
          remedy: "give each backend once, with a weight where it is to get more",
        }),
      );
    }
    seen.add(address);
  }
}
