/**
 * The policy that is measured: so many rules for the 50 endpoints of a subnet. Every tenth rule has a block of peers,
 * every fifth a range of ports, every seventh denies; the last one lets in what the bench sends, so that who looks at
 * one rule after another looks at all of them.
 */
import { emptyDocument, type FirewallDocument } from "../../../provider/src/compile/firewall/document";
import type { PolicySpec } from "../../../provider/src/compile/firewall/intent";
import { bridgeName } from "../../../provider/src/compile/names";

/** Which host compiles a policy makes no difference. */
export const anyHost = "ssh://root@192.0.2.1:22";
export const vni = 5001;
export const routerVni = 5000;
export const bridge = bridgeName(vni);
export const subnet = "192.168.0.0/24";
export const source = "192.168.0.2";
export const destination = "192.168.0.3";
/** Where connections are counted (TCP and UDP), where one flow goes on, and what nobody lets in. */
export const ports = { count: 8000, flow: 8001, closed: 8002 } as const;
export const endpointAddresses: readonly string[] = Array.from({ length: 50 }, (_, at) => `192.168.0.${at + 2}`);

/** One line of a linear list. */
export interface PlainRule {
  readonly name: string;
  readonly action: "allow" | "deny";
  readonly from: string;
  readonly protocol: "tcp" | "udp";
  readonly first: number;
  readonly last: number;
}

/** @param changed whether the rule in the middle is another one */
export function plainRules(count: number, changed = false): readonly PlainRule[] {
  const rules = Array.from({ length: count - 2 }, (_, index) => ruleAt(index, changed && index === middleOf(count)));
  const last = { action: "allow", from: `${source}/32`, first: ports.count } as const;
  return [
    ...rules,
    { ...last, name: "udp", protocol: "udp", last: ports.count },
    { ...last, name: "tcp", protocol: "tcp", last: ports.flow },
  ];
}

export const middleOf = (count: number): number => count >> 1;

function ruleAt(index: number, changed: boolean): PlainRule {
  const [high, middle, low] = [index >> 16, (index >> 8) & 255, index & 255];
  const from =
    index % 10 === 9
      ? `172.${16 + (index >> 12)}.${(index >> 4) & 255}.${(index & 15) << 4}/28`
      : `10.${high}.${middle}.${low}/32`;
  const first = changed ? 9000 : 1000 + (index % 50);
  const last = index % 5 === 0 ? first + 10 : first;
  return { name: `r${index}`, action: index % 7 === 0 ? "deny" : "allow", from, protocol: "tcp", first, last };
}

export function policySpec(rules: readonly PlainRule[]): PolicySpec {
  return {
    label: "big",
    name: "big",
    tier: "application",
    priority: 1,
    appliesTo: [{ kind: "network", name: "net", vni: routerVni }],
    rules: rules.map(({ name, action, from, protocol, first, last }) => ({
      name,
      direction: "ingress",
      action,
      peers: [{ kind: "cidr", cidr: from }],
      services: [{ protocol, ports: first === last ? String(first) : `${first}-${last}` }],
    })),
    defaults: { ingress: "deny", egress: "continue" },
    enforcement: "enforced",
    onClose: "cut",
    groups: [],
  };
}

/** As the host of the subnet keeps it. */
export function documentWith(spec: PolicySpec): FirewallDocument {
  return {
    ...emptyDocument,
    policies: { [spec.name]: { owner: "bench/dev", generation: 1, spec } },
    site: {
      segments: [{ vni, routerVni, cidrs: [subnet], ranges: [] }],
      ports: endpointAddresses.map((address, at) => ({ name: `e${at}`, vni, addresses: [address] })),
      peerings: [],
      underlayPorts: [4789],
    },
    zones: { [vni]: 1 },
  };
}
