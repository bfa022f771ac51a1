/** What a cluster cannot express is refused with the rule and the reason; what matches nothing opens nothing. */
import type { PolicyApi } from "../../../../provider/src/compile/kubernetes/world";
import type { Policy, Rule } from "../../../../provider/src/policy/rule";
import { objectsFor } from "../../../support/kubernetes/clusters";
import { cidr } from "../../../support/policy/shop";
import { policy, rule } from "../../../support/policy/policies";

const group = (name: string) => ({ kind: "group", name }) as const;
const block = { kind: "cidr", cidr: cidr("203.0.113.0/24"), except: [] } as const;
const tcp = (first: number, last = first) => ({ kind: "ports", protocol: 6, ports: [{ first, last }] }) as const;

function guard(given: Partial<Policy>, ...rules: readonly Rule[]): Policy {
  const defaults = { ingress: given.tier === undefined ? "isolate" : "continue", egress: "continue" } as const;
  return policy("guard", { appliesTo: [group("db")], priority: 7, defaults, rules, ...given });
}
const application = (...rules: readonly Rule[]): Policy => guard({}, ...rules);
const admin = (...rules: readonly Rule[]): Policy => guard({ tier: "admin" }, ...rules);
const baseline = (...rules: readonly Rule[]): Policy => guard({ tier: "baseline" }, ...rules);
const web = { peers: [group("web")] };

function refusal(given: Policy, policyApi: PolicyApi): string {
  try {
    return `accepted: ${JSON.stringify(objectsFor(given, policyApi))}`;
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

const cases: readonly (readonly [string, PolicyApi, Policy, string])[] = [
  [
    "a rejecting rule",
    "none",
    application(rule("r", { ...web, action: "reject" })),
    "rules[0]: rule r: cluster prod drops silently and cannot reject",
  ],
  ["an end", "none", application(rule("r", { ...web, expires: 1 })), "rule r: cluster prod has rules without an end"],
  [
    "a log",
    "v1alpha2",
    admin(rule("r", { ...web, log: { rate: 1, per: "day", burst: 1 } })),
    "rule r: cluster prod has no log of a rule",
  ],
  [
    "a log of the default",
    "none",
    guard({ defaultLog: { rate: 1, per: "day", burst: 1 } }),
    "defaultLog: cluster prod has no log",
  ],
  [
    "a trial",
    "none",
    guard({ enforcement: { mode: "watch" } }),
    "enforcement: cluster prod enforces what it has and cannot only watch",
  ],
  [
    "a DNS name",
    "v1alpha2",
    admin(rule("r", { direction: "egress", peers: [{ kind: "name", name: "a.example" }] })),
    "rule r: cluster prod cannot go by DNS name",
  ],
  [
    "labels of endpoints on hosts",
    "none",
    application(rule("r", { peers: [group("labelled")] })),
    "rule r: cluster prod does not know which endpoints on hosts have such labels",
  ],
  [
    "containers of hosts",
    "none",
    application(rule("r", { peers: [group("boxes")] })),
    "rule r: cluster prod does not know the containers of hosts",
  ],
  [
    "pods of another cluster",
    "none",
    application(rule("r", { peers: [group("other-web")] })),
    "rule r: cluster prod cannot tell pods of cluster test apart",
  ],
  [
    "ICMP",
    "none",
    application(rule("r", { ...web, services: [{ kind: "icmp", family: 4, types: [{ type: 8 }] }] })),
    "rule r: cluster prod knows the protocols tcp, udp and sctp alone",
  ],
  [
    "another protocol",
    "none",
    application(rule("r", { ...web, services: [{ kind: "protocol", protocol: 47 }] })),
    "rule r: cluster prod knows the protocols tcp, udp and sctp alone",
  ],
  ["port 0", "none", application(rule("r", { ...web, services: [tcp(0, 80)] })), "rule r: cluster prod has no port 0"],
  [
    "a deny in tier application",
    "v1alpha2",
    application(rule("r", { ...web, action: "deny" })),
    "rule r: cluster prod has NetworkPolicy for tier application, which only allows and cannot deny",
  ],
  [
    "a pass in tier application",
    "v1alpha2",
    application(rule("r", { ...web, action: "pass" })),
    "which only allows and cannot pass",
  ],
  [
    "an allow beside an open rest",
    "none",
    guard({ defaults: { ingress: "continue", egress: "continue" } }, rule("r", web)),
    "rule r: cluster prod drops all that the policies of tier application do not allow",
  ],
  [
    "a deny that others could not add to",
    "none",
    guard({ defaults: { ingress: "deny", egress: "continue" } }),
    "defaults.ingress: cluster prod has NetworkPolicy for tier application, to which other policies add",
  ],
  [
    "pods of many namespaces in tier application",
    "none",
    guard({ appliesTo: [group("tenants")] }),
    "appliesTo: cluster prod has NetworkPolicy for tier application, which is of one namespace",
  ],
  ["the whole cluster in tier application", "none", guard({ appliesTo: [group("prod")] }), "which is of one namespace"],
  [
    "a tier that is not served",
    "none",
    admin(),
    "tier: cluster prod serves no policy.networking.k8s.io, so it has no tier admin",
  ],
  [
    "a high priority",
    "v1alpha2",
    guard({ tier: "admin", priority: 225 }),
    "priority: cluster prod has room for priorities 0 to 224 in tier admin, not for 225",
  ],
  [
    "a high priority in an emergency",
    "v1alpha2",
    guard({ tier: "emergency", priority: 25 }),
    "priorities 0 to 24 in tier emergency",
  ],
  [
    "isolate in tier admin",
    "v1alpha2",
    guard({ tier: "admin", defaults: { ingress: "isolate", egress: "continue" } }),
    "defaults.ingress: cluster prod asks the policies of tier admin in order",
  ],
  [
    "a default for what comes from anywhere",
    "v1alpha2",
    guard({ tier: "baseline", defaults: { ingress: "deny", egress: "continue" } }),
    "defaults.ingress: cluster prod rules what comes from pods in tier baseline, not what comes from elsewhere, so it cannot deny all",
  ],
  [
    "anybody as a source in tier admin",
    "v1alpha2",
    admin(rule("r")),
    "rule r: cluster prod rules by address only what pods send",
  ],
  [
    "an address as a source in tier admin",
    "v1alpha1",
    admin(rule("r", { peers: [group("web"), block] })),
    "rule r: cluster prod rules by address only what pods send",
  ],
  [
    "more rules than objects take",
    "v1alpha2",
    admin(...Array.from({ length: 101 }, (_, at) => rule(`r${at}`, web))),
    "rules: cluster prod takes at most 100 rules in each direction, and there are 101 and 0",
  ],
  [
    "more rules than the old baseline takes",
    "v1alpha1",
    baseline(...Array.from({ length: 101 }, (_, at) => rule(`r${at}`, web))),
    "takes at most 100 rules in each direction",
  ],
  [
    "two selections in the old baseline",
    "v1alpha1",
    guard({ tier: "baseline", appliesTo: [group("both")] }, rule("r", web)),
    "appliesTo: cluster prod has one BaselineAdminNetworkPolicy",
  ],
  [
    "a pass in the old baseline",
    "v1alpha1",
    baseline(rule("r", { ...web, action: "pass" })),
    "rule r: cluster prod has nothing after tier baseline to pass to",
  ],
  [
    "a pass in an emergency, which would pass tier admin, too",
    "v1alpha2",
    guard({ tier: "emergency" }, rule("r", { ...web, action: "pass" })),
    "rule r: cluster prod has one tier for emergency and admin",
  ],
  [
    "a pass by default in an emergency",
    "v1alpha2",
    guard({ tier: "emergency", defaults: { ingress: "continue", egress: "pass" } }),
    "defaults.egress: cluster prod has one tier for emergency and admin",
  ],
  [
    "a pass by default in the old baseline",
    "v1alpha1",
    guard({ tier: "baseline", defaults: { ingress: "continue", egress: "pass" } }),
    "defaults.egress: cluster prod has nothing after tier baseline to pass to",
  ],
];

test.each(cases)("refused: %s", (_, policyApi, given, expected) => {
  expect(refusal(given, policyApi)).toContain(expected);
});

test("everything that is wrong is said at once", () => {
  const wrong = application(
    rule("one", { ...web, action: "deny" }),
    rule("two", { ...web, expires: 1, services: [tcp(0)] }),
  );
  const said = refusal(wrong, "none");
  for (const part of [
    "rule one: ",
    "rule two: cluster prod has rules without an end",
    "rule two: cluster prod has no port 0",
  ]) {
    expect(said).toContain(part);
  }
});

test("a rule that is switched off is as if it were not written, whatever it says", () => {
  const off = { enabled: false, action: "reject", expires: 1, services: [tcp(0)] } as const;
  expect(objectsFor(application(rule("r", off)), "none")).toEqual(objectsFor(application(), "none"));
});

test.each([
  ["no peers", { peers: [] }],
  ["an empty group", { peers: [group("nothing")] }],
  ["a block of which nothing is left", { peers: [group("hollow")] }],
  ["no services", { ...web, services: [] }],
])("a rule with %s lets nobody in", (_, given) => {
  expect(objectsFor(application(rule("r", given)), "none")).toEqual(objectsFor(application(), "none"));
  expect(objectsFor(application(), "none")[0]?.spec).toEqual({
    podSelector: { matchLabels: { app: "db" } },
    policyTypes: ["Ingress"],
  });
  const denied = admin(rule("r", { ...given, action: "deny" }), rule("s", web));
  expect(objectsFor(denied, "v1alpha2")[0]?.spec).toMatchObject({ ingress: [{ name: "s" }] });
});

test("a policy that applies to no pods of the cluster is nothing there, and nothing of it is refused", () => {
  const rejecting = rule("r", { action: "reject" });
  for (const appliesTo of [[group("office")], [group("other-web")], [{ kind: "network", name: "5000" } as const]]) {
    expect(objectsFor(guard({ appliesTo }, rejecting), "none")).toEqual([]);
  }
});

test("the parts of a policy follow each other before the next priority begins", () => {
  const rules = Array.from({ length: 100 }, (_, at) => rule(`r${at}`, web));
  const priorities = (priority: number): readonly unknown[] =>
    objectsFor(guard({ tier: "admin", priority }, ...rules), "v1alpha2").map(({ spec }) => spec["priority"]);
  expect(priorities(0)).toEqual([100, 101, 102, 103]);
  expect(priorities(224)).toEqual([996, 997, 998, 999]);
});

test("names are in the grammar of Kubernetes, and differ by stack, policy and pods", () => {
  const names = ["guard", "GUARD", "Guard_.", "g".repeat(63)].flatMap((name) =>
    objectsFor({ ...guard({ appliesTo: [group("both")] }), name }, "none").map(({ metadata }) => metadata.name),
  );
  expect(new Set(names).size).toBe(8);
  for (const name of names) expect(name).toMatch(/^sdn-[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/);
});
