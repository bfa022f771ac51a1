/** Ways out and translations of a network, from what each of its routers has. */
import type { Placed } from "../../compile/fleet-intents";
import type { DestinationNat, RouterIntent, SourceNat } from "../../compile/intent";
import type { PropertyMap } from "./program";
import { given } from "./program";

type Routers = readonly Placed<RouterIntent>[];
type Mode = "nat" | "routed" | "none";

/** A router without a link has no way out; one with a link for ports of its host alone has none either. */
export const modeOf = ({ egress }: RouterIntent): Mode => (egress === undefined ? "none" : (egress.mode ?? "nat"));

/** The `nat` of the network, `undefined` for none. `vteps`: each host's own address, which a rule need not name. */
export function natProperty(routers: Routers, vteps: ReadonlyMap<string, string>): PropertyMap | undefined {
  const source = merged(routers, ({ intent }) => (intent.nat?.source ?? []).map(sourceProperty));
  const destination = merged(routers, ({ host, intent }) =>
    (intent.nat?.destination ?? []).map((rule) => destinationProperty(rule, vteps.get(host))),
  ).map((rule, index) => ({ name: `port-${index + 1}`, ...rule }));
  if (source.length + destination.length === 0) return undefined;
  return given({
    source: source.length === 0 ? undefined : source,
    destination: destination.length === 0 ? undefined : destination,
  });
}

const sourceProperty = ({ from, to, address }: SourceNat): PropertyMap => given({ from, to, address });

function destinationProperty({ address, ...rule }: DestinationNat, vtep: string | undefined): PropertyMap {
  return given({ ...rule, address: address === vtep ? undefined : address });
}

/**
 * One list for all hosts that gives each its own: rules that several have stand once, with the hosts that have them.
 * Where their orders contradict each other, each host's rules stand by themselves.
 */
function merged(
  routers: Routers,
  rulesOf: (router: Placed<RouterIntent>) => readonly PropertyMap[],
): readonly PropertyMap[] {
  const lists = routers.map((router) => ({ host: router.host, rules: rulesOf(router) }));
  const all = new Map<string, { readonly rule: PropertyMap; readonly hosts: string[] }>();
  for (const { host, rules } of lists) {
    for (const rule of rules) {
      const key = JSON.stringify(rule);
      const entry = all.get(key) ?? { rule, hosts: [] };
      entry.hosts.push(host);
      all.set(key, entry);
    }
  }
  const together = [...all.values()];
  const agrees = lists.every(({ host, rules }) => {
    const own = together.filter(({ hosts }) => hosts.includes(host)).map(({ rule }) => rule);
    return JSON.stringify(own) === JSON.stringify(rules);
  });
  if (!agrees) return lists.flatMap(({ host, rules }) => rules.map((rule) => ({ ...rule, hosts: [host] })));
  return together.map(({ rule, hosts }) => (hosts.length === routers.length ? rule : { ...rule, hosts }));
}
