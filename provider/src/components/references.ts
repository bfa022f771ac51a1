import { SdnError } from "../model/error";
import { type Problems } from "../model/problems";
import type { ConstructContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { isValueMap, OutputValue, ResourceReference, Secret, type Unknown, unknown } from "../rpc/value";

/** The last part of a URN: the name that the user gave. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** The URN of a resource that an input refers to. */
export function referenceOf(value: Value | undefined, property: string, type: string): string {
  let inner = value;
  while (inner instanceof Secret || inner instanceof OutputValue) inner = inner.value;
  const urn = inner instanceof ResourceReference ? inner.urn : typeof inner === "string" ? inner : undefined;
  if (urn !== undefined && urn.includes(`${type}::`)) return urn;
  throw new SdnError({
    code: "invalid-input",
    property,
    ...(typeof inner === "string" ? { value: inner } : {}),
    cause: inner === undefined || inner === null ? "is required and missing" : `must be a resource of type ${type}`,
    remedy: `give the ${type.slice(type.lastIndexOf(":") + 1)} resource itself`,
  });
}

/** The hosts of a list are a set: a second one of a name would be the same child twice. */
export function refuseRepeated(problems: Problems, property: string, names: readonly (string | undefined)[]): void {
  names.forEach((name, index) => {
    if (name === undefined || names.indexOf(name) === index) return;
    problems.add(
      new SdnError({
        code: "invalid-input",
        property: `${property}[${index}]`,
        value: name,
        cause: "is in the list already",
        remedy: "name each host once",
      }),
    );
  });
}

/** What another component of this package says of itself. Throws where it has nothing to say. */
export async function outputsOf(context: ConstructContext, urn: string): Promise<ValueMap> {
  const { outputs } = await context.lookup(urn);
  return outputs;
}

/** A property without its secret wrapping; a missing one is unknown in a preview. */
export function known(map: ValueMap, name: string): Value {
  let value: Value | undefined = map[name];
  while (value instanceof Secret) value = value.value;
  return value === undefined ? unknown : value;
}

export function textOf(map: ValueMap, name: string): string | Unknown {
  const value = known(map, name);
  return typeof value === "string" ? value : unknown;
}

export function numberOf(map: ValueMap, name: string): number | Unknown {
  const value = known(map, name);
  return typeof value === "number" ? value : unknown;
}

export function mapsOf(map: ValueMap, name: string): readonly ValueMap[] {
  const value = known(map, name);
  return Array.isArray(value) ? (value as readonly Value[]).filter(isValueMap) : [];
}

/** The URN of a network's router on a host, where it is known. */
export function routerOf(network: ValueMap, host: string): readonly string[] {
  const routers = known(network, "routers");
  const urn = isValueMap(routers) ? routers[host] : undefined;
  return typeof urn === "string" ? [urn] : [];
}

/** Only the entries that are there: the wire has no place for absent values. */
export function present(entries: Readonly<Record<string, Value | undefined>>): ValueMap {
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  );
}
