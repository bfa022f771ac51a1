/** The job as variables of Ansible: what its user would keep in host_vars, each kind of thing a list. */
import type { Step, StepKind, StepOf, Where } from "../../../provider/src/compile/step";
import type { HostJob } from "./job";
import { chainRulesOf, rulesOf, setsOf } from "./straight";

/** An inventory in YAML, of which JSON is a part. */
export function inventoryOf(jobs: readonly HostJob[]): string {
  const hosts = jobs.map(({ host, steps }) => [host.name, { ...connection(host), ...variables(steps) }] as const);
  return JSON.stringify({ all: { hosts: Object.fromEntries(hosts) } }, undefined, 1);
}

function connection({ address, port, user, privateKeyPath }: HostJob["host"]): Readonly<Record<string, unknown>> {
  return {
    ansible_host: address,
    ansible_port: port,
    ansible_user: user,
    ansible_ssh_private_key_file: privateKeyPath,
    ansible_python_interpreter: "/usr/bin/python3",
  };
}

/** What the playbook makes, and a rule for Docker, which the hosts of the race do not have. */
const known: ReadonlySet<StepKind> = new Set<StepKind>([
  ...(["namespace", "sysctl", "nft-table", "nft-chain", "nft-element", "bridge", "vxlan", "flood", "veth"] as const),
  ...(["gateway-fdb", "macvlan", "addresses", "route", "forward-accept"] as const),
]);

function variables(steps: readonly Step[]): Readonly<Record<string, unknown>> {
  const stranger = steps.find(({ kind }) => !known.has(kind));
  if (stranger !== undefined) throw new Error(`the playbook has nothing for ${stranger.kind}`);
  const of = <K extends StepKind>(kind: K): readonly StepOf<K>[] =>
    steps.filter((step): step is StepOf<K> => step.kind === kind);
  return {
    namespaces: of("namespace").map(({ name, mark }) => ({ name, mark })),
    settings: byPlace(of("sysctl"), ({ key, value }) => ({ key, value, word: `${key}=${value}` }), "settings"),
    places: ["", ...of("namespace").map(({ name }) => name)],
    tables: of("nft-table").map((step) => ({ where: step.where ?? "", sets: setsOf(step), rules: rulesOf(step) })),
    chains: of("nft-chain").map((step) => ({ where: step.where, name: step.chain.name, rules: chainRulesOf(step) })),
    elements: of("nft-element").map(({ family, set, value }) => ({
      family,
      set,
      value: value.join(" . "),
      shown: value.map((part) => (/^[0-9a-f]*[.:]/.test(part) ? part : `"${part}"`)).join(" . "),
    })),
    bridges: of("bridge"),
    vxlans: of("vxlan"),
    floods: of("flood"),
    veths: of("veth"),
    gateways: of("gateway-fdb"),
    macvlans: of("macvlan"),
    addresses: byPlace(
      of("addresses").flatMap(({ where, link, addresses }) => addresses.map((address) => ({ where, link, address }))),
      ({ link, address }) => ({ link, address, local: address.replace(/\/.*/, "") }),
      "addresses",
    ),
    routes: byPlace(of("route"), routeOf, "routes"),
  };
}

function routeOf({ destination, device, via }: StepOf<"route">): Readonly<Record<string, string>> {
  const shown = destination === "0.0.0.0/0" ? "default" : destination;
  if (device === "blackhole") return { words: `blackhole ${destination}`, shown: `blackhole ${shown}` };
  return { words: `${destination} via ${via ?? ""} dev ${device}`, shown: `${shown} via` };
}

/** Items that one command can make together: those of one namespace. */
function byPlace<T extends { readonly where: Where }>(
  items: readonly T[],
  shape: (item: T) => unknown,
  name: string,
): readonly unknown[] {
  const places = new Map<string, unknown[]>();
  for (const item of items) {
    const where = item.where ?? "";
    places.set(where, [...(places.get(where) ?? []), shape(item)]);
  }
  return [...places].map(([where, values]) => ({ where, [name]: values }));
}
