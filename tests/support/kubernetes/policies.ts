/** Policies of every kind that a cluster can express: what golden files show, and what a real API server must accept. */
import type { PolicyApi } from "../../../provider/src/compile/kubernetes/world";
import type { Policy, Rule } from "../../../provider/src/policy/rule";
import { policy, rule } from "../policy/policies";
import { cidr } from "../policy/shop";

const group = (name: string) => ({ kind: "group", name }) as const;
const tcp = (first: number, last = first) => ({ kind: "ports", protocol: 6, ports: [{ first, last }] }) as const;
const office = { kind: "cidr", cidr: cidr("203.0.113.0/24"), except: [cidr("203.0.113.64/26")] } as const;
const isolated = { ingress: "isolate", egress: "continue" } as const;

const shop: readonly Rule[] = [
  rule("shop", { peers: [group("web"), group("tenants")], services: [tcp(5432), tcp(8000, 8010)] }),
  rule("office", { peers: [office, { kind: "subnet", name: "5001" }, { kind: "endpoint", name: "5001/web1" }] }),
  rule("dns", { direction: "egress", services: [{ kind: "protocol", protocol: 17 }, tcp(53)] }),
];

const tiered: readonly Rule[] = [
  rule("scrape", { peers: [group("tenants")], services: [tcp(9100)] }),
  rule("blocked", { action: "deny", peers: [group("web"), group("prod")] }),
  rule("updates", { direction: "egress", peers: [office], services: [tcp(443), tcp(8000, 8010)] }),
  rule("rest", { direction: "egress", action: "pass", peers: [group("db")] }),
];

const many = (count: number): readonly Rule[] =>
  Array.from({ length: count }, (_, at) => rule(`r${at}`, { peers: [group("web")], services: [tcp(1000 + at)] }));

const guard = (given: Partial<Policy>): Policy =>
  policy("Guard_1", { appliesTo: [group("db")], priority: 7, ...given });

export interface Case {
  readonly policy: Policy;
  readonly policyApi: PolicyApi;
}

export const expressible: Readonly<Record<string, Case>> = {
  "network-policy": {
    policyApi: "none",
    policy: guard({ defaults: { ingress: "isolate", egress: "isolate" }, rules: shop }),
  },
  "network-policy-closed": { policyApi: "none", policy: guard({ appliesTo: [group("both")], defaults: isolated }) },
  "network-policy-open": {
    policyApi: "none",
    policy: guard({ defaults: { ingress: "continue", egress: "allow" }, rules: shop.slice(2) }),
  },
  "cluster-network-policy": {
    policyApi: "v1alpha2",
    policy: guard({ tier: "admin", rules: tiered, defaults: { ingress: "continue", egress: "deny" } }),
  },
  "cluster-network-policy-emergency": {
    policyApi: "v1beta1",
    policy: guard({ tier: "emergency", appliesTo: [group("prod")], rules: tiered.slice(0, 3) }),
  },
  "cluster-network-policy-baseline": {
    policyApi: "v1alpha2",
    policy: guard({ tier: "baseline", appliesTo: [group("tenants")], rules: tiered }),
  },
  "cluster-network-policy-split": {
    policyApi: "v1alpha2",
    policy: guard({ tier: "admin", appliesTo: [group("both")], rules: many(26) }),
  },
  "admin-network-policy": {
    policyApi: "v1alpha1",
    policy: guard({ tier: "admin", rules: tiered, defaults: { ingress: "continue", egress: "deny" } }),
  },
  "baseline-admin-network-policy": {
    policyApi: "v1alpha1",
    policy: guard({ tier: "baseline", appliesTo: [group("tenants")], rules: tiered.slice(0, 3) }),
  },
};
