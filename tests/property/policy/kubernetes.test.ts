/** What a cluster gets for policies means, by Kubernetes' own words, what docs/firewall.md says that the policies mean. */
import fc from "fast-check";

import { compileForCluster } from "../../../provider/src/compile/kubernetes/compile";
import type { KubernetesObject } from "../../../provider/src/compile/kubernetes/object";
import {
  type ClusterMember,
  type ClusterWorld,
  everything,
  namespaceNameLabel,
  type PolicyApi,
} from "../../../provider/src/compile/kubernetes/world";
import { formatAddress } from "../../../provider/src/model/address";
import { evaluate } from "../../../provider/src/policy/evaluate";
import type { Packet, Place } from "../../../provider/src/policy/packet";
import type { DefaultAction, Direction, Peer, Policy, Rule, RuleAction, Tier } from "../../../provider/src/policy/rule";
import { matchesLabels } from "../../../provider/src/policy/selector";
import type { Service } from "../../../provider/src/policy/transport";
import type { World } from "../../../provider/src/policy/world";
import { clusterWith, labels, owner, pods } from "../../support/kubernetes/clusters";
import { type Flow, isAllowed, isPod, type Pod } from "../../support/kubernetes/semantics";
import { cidr, ip } from "../../support/policy/shop";

const all: readonly Pod[] = ["shop", "bank"].flatMap((namespace, at) =>
  ["web", "db"].map((app, number): Pod => ({
    name: `${namespace}-${app}`,
    namespace,
    namespaceLabels: { [namespaceNameLabel]: namespace, ...(namespace === "bank" ? { tenant: "yes" } : {}) },
    labels: { app },
    address: ip(`10.244.${at}.${number + 1}`),
  })),
);
const outside = [ip("203.0.113.9"), ip("203.0.113.70"), ip("198.51.100.1")];

const groups: Readonly<Record<string, readonly ClusterMember[]>> = {
  "shop-web": [pods("shop", "web")],
  shop: [pods("shop")],
  "not-db": [
    {
      kind: "pods",
      cluster: "prod",
      namespaces: everything,
      pods: { ...everything, matchExpressions: [{ key: "app", operator: "NotIn", values: ["db"] }] },
    },
  ],
  tenants: [{ kind: "pods", cluster: "prod", namespaces: labels({ tenant: "yes" }), pods: everything }],
  prod: [{ kind: "cluster", cluster: "prod", cidrs: [] }],
  nobody: [],
  office: [{ kind: "cidr", cidr: cidr("203.0.113.0/24"), except: [cidr("203.0.113.64/26")] }],
  mixed: [pods("bank", "db"), { kind: "cidr", cidr: cidr("10.244.0.0/31"), except: [] }],
};
const ofPods = ["shop-web", "shop", "not-db", "tenants", "prod", "nobody"];
const clusterWorld: ClusterWorld = {
  groups: new Map(Object.entries(groups)),
  subnets: new Map(),
  endpoints: new Map(),
};

/** The same as hosts would see it: every pod an endpoint, every selection of pods their list. */
const world: World = {
  networks: [{ name: "cluster", peers: [] }],
  segments: [{ name: "pods", network: "cluster", bridge: "b", zone: 1, hosts: ["h1"], cidrs: [cidr("10.244.0.0/16")] }],
  endpoints: all.map(({ name, address }) => ({ name, segment: "pods", host: "h1", addresses: [address], labels: {} })),
  groups: Object.entries(groups).map(([name, members]) => ({
    name,
    members: members.flatMap((member) => {
      if (member.kind !== "pods" && member.kind !== "cluster") return [member];
      const chosen = all.filter(
        (pod) =>
          member.kind === "cluster" ||
          (matchesLabels(member.namespaces, pod.namespaceLabels) && matchesLabels(member.pods, pod.labels)),
      );
      return chosen.map((pod) => ({ kind: "endpoint", name: pod.name }) as const);
    }),
  })),
  hostRanges: [],
};

const group = (name: string): Peer & { readonly kind: "group" } => ({ kind: "group", name });
const service = fc.constantFrom<Service>(
  { kind: "ports", protocol: 6, ports: [{ first: 80, last: 80 }] },
  { kind: "ports", protocol: 6, ports: [{ first: 0, last: 65_535 }] },
  { kind: "ports", protocol: 17, ports: [{ first: 53, last: 60 }] },
  { kind: "protocol", protocol: 6 },
  { kind: "protocol", protocol: 132 },
);
const services = fc.oneof(fc.constant("any" as const), fc.array(service, { maxLength: 2 }));
const anyPeer = fc.oneof(
  fc.constantFrom(...Object.keys(groups)).map(group),
  fc.constant<Peer>({ kind: "any" }),
  fc.constant<Peer>({ kind: "cidr", cidr: cidr("198.51.100.0/24"), except: [] }),
);

/** `from`: what the tier takes as sources. */
function rulesOf(
  actions: Readonly<Record<Direction, readonly RuleAction[]>>,
  from: fc.Arbitrary<Peer>,
): fc.Arbitrary<readonly Rule[]> {
  const rule = fc.constantFrom<Direction>("ingress", "egress").chain((direction) =>
    fc.record({
      direction: fc.constant(direction),
      action: fc.constantFrom<RuleAction | "none">(
        ...(actions[direction].length === 0 ? (["none"] as const) : actions[direction]),
      ),
      peers: fc.array(direction === "ingress" ? from : anyPeer, { maxLength: 2 }),
      services,
      enabled: fc.boolean(),
    }),
  );
  return fc.array(rule, { maxLength: 3 }).map((rules) =>
    rules.flatMap((one, at): readonly Rule[] => {
      const { action } = one;
      return action === "none" ? [] : [{ ...one, action, name: `r${at}` }];
    }),
  );
}

const base = { enforcement: { mode: "enforced" }, onClose: "keep" } as const;

const application = fc
  .record({
    ingress: fc.constantFrom<DefaultAction>("isolate", "allow", "continue"),
    egress: fc.constantFrom<DefaultAction>("isolate", "allow", "continue"),
    subject: fc.constantFrom("shop-web", "shop", "nobody"),
    priority: fc.nat(100),
  })
  .chain(({ ingress, egress, subject, priority }) => {
    const allowed = (action: DefaultAction): readonly RuleAction[] => (action === "continue" ? [] : ["allow"]);
    return rulesOf({ ingress: allowed(ingress), egress: allowed(egress) }, anyPeer).map((rules): Policy => ({
      ...base,
      name: "",
      tier: "application",
      priority,
      appliesTo: [group(subject)],
      rules,
      defaults: { ingress, egress },
    }));
  });

function tiered(tier: Exclude<Tier, "application">, isSingle: boolean): fc.Arbitrary<Policy> {
  const canPass = tier !== "emergency" && !isSingle;
  const actions: readonly RuleAction[] = ["allow", "deny", ...(canPass ? (["pass"] as const) : [])];
  return fc
    .record({
      rules: rulesOf({ ingress: actions, egress: actions }, fc.constantFrom(...ofPods).map(group)),
      egress: fc.constantFrom<DefaultAction>("continue", ...actions),
      subject: fc.constantFrom(...ofPods),
    })
    .map(({ rules, egress, subject }) => ({
      ...base,
      name: "",
      tier,
      priority: 0,
      appliesTo: [group(subject)],
      rules,
      defaults: { ingress: "continue", egress },
    }));
}

/** Policies of tiers with an order get priorities of their own. */
const policies = (policyApi: PolicyApi): fc.Arbitrary<readonly Policy[]> => {
  const isOld = policyApi === "v1alpha1";
  return fc
    .tuple(
      fc.array(tiered("emergency", false), { maxLength: 2 }),
      fc.array(tiered("admin", false), { maxLength: 2 }),
      fc.array(application, { maxLength: 3 }),
      fc.array(tiered("baseline", isOld), { maxLength: isOld ? 1 : 2 }),
    )
    .map((tiers) =>
      tiers.flatMap((ofTier, tier) =>
        ofTier.map((one, at) => ({
          ...one,
          name: `p${tier}-${at}`,
          priority: one.tier === "application" ? one.priority : at,
        })),
      ),
    );
};

const end = fc.constantFrom(...all, ...outside);
const flow: fc.Arbitrary<Flow> = fc
  .record({
    source: end,
    destination: end,
    protocol: fc.constantFrom("TCP" as const, "UDP" as const, "SCTP" as const),
    port: fc.constantFrom(1, 53, 60, 61, 80, 65_535),
  })
  .filter(({ source, destination }) => source !== destination && (isPod(source) || isPod(destination)));

const numbers = { TCP: 6, UDP: 17, SCTP: 132 } as const;
function packetOf({ source, destination, protocol, port }: Flow): Packet {
  const place = (one: Flow["source"]): Place =>
    isPod(one) ? { address: one.address, segment: "pods" } : { address: one, segment: undefined };
  return { source: place(source), destination: place(destination), protocol: numbers[protocol], port, time: 1000 };
}

function objectsOf(given: readonly Policy[], policyApi: PolicyApi): readonly KubernetesObject[] {
  return given.flatMap((policy) =>
    compileForCluster(policy, clusterWorld, clusterWith(policyApi), owner(policy)).map(({ object }) => object),
  );
}

const shown = ({ source, destination, protocol, port }: Flow): string => {
  const name = (one: Flow["source"]): string => (isPod(one) ? one.name : formatAddress(one));
  return `${name(source)} → ${name(destination)} ${protocol}/${port}`;
};

test.each(["v1alpha2", "v1alpha1"] as const)("policies on a cluster with %s mean what they say", (policyApi) => {
  fc.assert(
    fc.property(policies(policyApi), fc.array(flow, { minLength: 10, maxLength: 30 }), (given, flows) => {
      const objects = objectsOf(given, policyApi);
      for (const one of flows) {
        const expected = evaluate(given, packetOf(one), world).verdict === "allow";
        expect([shown(one), isAllowed(objects, one)]).toEqual([shown(one), expected]);
      }
    }),
    { numRuns: 1500 },
  );
});
