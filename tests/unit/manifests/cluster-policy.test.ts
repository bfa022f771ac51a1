/** The policy API in its two versions, between web, api and db of the namespace shop. */
import { between, deployment, namespace, networkPolicy, said } from "../../support/manifests";

const shop = [
  namespace("shop", "team: shop"),
  deployment("web"),
  deployment("api", { ports: ["http:9090", "metrics:9090/UDP"] }),
  deployment("db"),
];

const policy = (kind: string, name: string, spec: string): string => `
apiVersion: policy.networking.k8s.io/${kind === "ClusterNetworkPolicy" ? "v1alpha2" : "v1alpha1"}
kind: ${kind}
metadata: { name: ${name} }
spec:
${spec.replace(/^/gm, "  ")}`;
const admin = (name: string, priority: number, spec: string): string =>
  policy("AdminNetworkPolicy", name, `priority: ${priority}\n${spec}`);
const baseline = (spec: string): string => policy("BaselineAdminNetworkPolicy", "default", spec);
const cluster = (tier: string, priority: number, spec: string, name = "c"): string =>
  policy("ClusterNetworkPolicy", name, `tier: ${tier}\npriority: ${priority}\n${spec}`);

const everywhere = "subject: { namespaces: {} }";
const pods = (app: string): string => `pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: ${app} } } }`;
const only = (app: string): string => `subject: { ${pods(app)} }`;
const from = (action: string, app: string, ports = ""): string =>
  `{ action: ${action}, from: [{ ${pods(app)} }]${ports === "" ? "" : `, ports: [${ports}]`} }`;

const into = (target: string, ...policies: readonly string[]): readonly string[] =>
  between(said(...shop, ...policies).lines)
    .filter((line) => line.includes(`=> ${target} :`))
    .map((line) => line.replace(` => ${target}`, ""));

test.each<[string, string[], string[]]>([
  [
    "Deny refuses, and leaves the rest",
    [admin("a", 1, `${only("db")}\ningress: [${from("Deny", "web")}]`)],
    ["api : All Connections"],
  ],
  [
    "the rule before counts",
    [
      admin(
        "a",
        1,
        `${only("db")}\ningress: [${from("Allow", "web", "{ portNumber: { port: 80 } }")}, ${from("Deny", "web")}]`,
      ),
    ],
    ["api : All Connections", "web : TCP 80"],
  ],
  [
    "the least priority counts, in whichever order they are written",
    [
      admin("late", 20, `${everywhere}\ningress: [${from("Deny", "web")}]`),
      admin(
        "early",
        10,
        `${only("db")}\ningress: [${from("Allow", "web", "{ portRange: { protocol: UDP, start: 5, end: 9 } }")}]`,
      ),
    ],
    ["api : All Connections", "web : UDP 5-9"],
  ],
  [
    "Allow goes before a NetworkPolicy that refuses",
    [
      admin("a", 1, `${only("db")}\ningress: [${from("Allow", "web", "{ portNumber: { protocol: SCTP, port: 7 } }")}]`),
      networkPolicy("none", "podSelector: {}"),
    ],
    ["web : SCTP 7"],
  ],
  [
    "Pass leaves it to the NetworkPolicy, past later rules",
    [
      admin("a", 1, `${only("db")}\ningress: [${from("Pass", "web")}, ${from("Deny", "web")}, ${from("Deny", "api")}]`),
      networkPolicy("db", "podSelector: { matchLabels: { app: db } }\ningress: [{ ports: [{ port: 5432 }] }]"),
    ],
    ["web : TCP 5432"],
  ],
  [
    "the baseline judges what no NetworkPolicy selects",
    [
      baseline(
        `${everywhere}\ningress: [${from("Allow", "web", "{ portNumber: { port: 80 } }")}, ${from("Deny", "web")}]`,
      ),
    ],
    ["api : All Connections", "web : TCP 80"],
  ],
  [
    "a NetworkPolicy that selects leaves the baseline nothing",
    [
      baseline(`${everywhere}\ningress: [${from("Deny", "web")}]`),
      networkPolicy("db", "podSelector: {}\ningress: [{ ports: [{ port: 5432 }] }]"),
    ],
    ["api : TCP 5432", "web : TCP 5432"],
  ],
  [
    "a subject of another namespace selects nothing",
    [admin("a", 1, `subject: { namespaces: { matchLabels: { team: other } } }\ningress: [${from("Deny", "web")}]`)],
    ["api : All Connections", "web : All Connections"],
  ],
])("AdminNetworkPolicy: %s", (_, policies, expected) => {
  expect(into("db", ...policies)).toEqual(expected);
});

test("a named port has the protocol of the pod's port", () => {
  const rule = `{ action: Deny, from: [{ namespaces: {} }], ports: [{ namedPort: metrics }] }`;
  expect(into("api", admin("a", 1, `${everywhere}\ningress: [${rule}]`))[0]).toBe(
    "db : SCTP 1-65535,TCP 1-65535,UDP 1-9089,9091-65535",
  );
});

test("networks cut the addresses outside, and the whole of IPv4 has the pods, too", () => {
  const deny = (block: string): string => `{ action: Deny, to: [{ networks: [${block}] }] }`;
  const lines = (block: string): readonly string[] =>
    said(...shop, admin("a", 1, `${only("web")}\negress: [${deny(block)}]`)).lines.filter((line) =>
      line.startsWith("shop/web"),
    );
  expect(lines("128.0.0.0/1")).toEqual([
    "shop/web[Deployment] => 0.0.0.0-127.255.255.255[External] : All Connections",
    "shop/web[Deployment] => shop/api[Deployment] : All Connections",
    "shop/web[Deployment] => shop/db[Deployment] : All Connections",
  ]);
  expect(lines("0.0.0.0/0")).toEqual([]);
});

test("nodes are the addresses of the Nodes that the manifests have, else a warning", () => {
  const rule = "egress: [{ action: Deny, to: [{ nodes: { matchLabels: { role: infra } } }] }]";
  const node =
    "apiVersion: v1\nkind: Node\nmetadata: { name: n, labels: { role: infra } }\nstatus: { addresses: [{ address: 192.0.2.1 }] }";
  const out = (...more: readonly string[]) => {
    const { lines, findings } = said(...shop, admin("a", 1, `${only("web")}\n${rule}`), ...more);
    return {
      ranges: lines.filter((line) => line.startsWith("shop/web") && line.includes("External")).length,
      findings,
    };
  };
  expect(out(node)).toEqual({ ranges: 2, findings: [] });
  expect(out()).toEqual({ ranges: 1, findings: [expect.stringContaining("have no Node that its nodes select")] });
});

test.each<[string, string[], string[]]>([
  [
    "Accept, Deny and protocols",
    [
      cluster(
        "Admin",
        5,
        `${only("db")}
ingress:
- { action: Accept, from: [{ ${pods("web")} }], protocols: [{ tcp: { destinationPort: { number: 80 } } }, { udp: { destinationPort: { range: { start: 5, end: 9 } } } }] }
- { action: Deny, from: [{ namespaces: {} }] }`,
      ),
    ],
    ["web : TCP 80,UDP 5-9"],
  ],
  [
    "Pass in the baseline tier leaves it to nobody, which allows it",
    [
      cluster("Baseline", 1, `${everywhere}\ningress: [${from("Pass", "web")}]`, "pass"),
      cluster("Baseline", 2, `${everywhere}\ningress: [{ action: Deny, from: [{ namespaces: {} }] }]`, "deny"),
    ],
    ["web : All Connections"],
  ],
])("ClusterNetworkPolicy: %s", (_, policies, expected) => {
  expect(into("db", ...policies)).toEqual(expected);
});

test.each<[string, string, string]>([
  [
    "a priority",
    admin("a", 1001, everywhere),
    "spec.priority: the field must be a whole number from 0 to 1000 (got 1001)",
  ],
  [
    "a subject with both",
    admin("a", 1, `subject: { namespaces: {}, ${pods("a")} }`),
    "spec.subject: exactly one of the fields namespaces, pods must be given",
  ],
  [
    "no peers",
    admin("a", 1, `${everywhere}\ningress: [{ action: Deny, from: [] }]`),
    "spec.ingress[0].from: the field must have at least one peer",
  ],
  [
    "an action",
    admin("a", 1, `${everywhere}\ningress: [${from("Accept", "a")}]`),
    'spec.ingress[0].action: the field must be Allow or Deny or Pass (got "Accept")',
  ],
  [
    "Pass in the baseline",
    baseline(`${everywhere}\ningress: [${from("Pass", "a")}]`),
    'spec.ingress[0].action: the field must be Allow or Deny (got "Pass")',
  ],
  [
    "a port with two forms",
    admin("a", 1, `${everywhere}\ningress: [${from("Deny", "a", "{ namedPort: a, portNumber: { port: 1 } }")}]`),
    "spec.ingress[0].ports[0]: exactly one of the fields portNumber, portRange, namedPort must be given",
  ],
  [
    "a range backwards",
    admin("a", 1, `${everywhere}\ningress: [${from("Deny", "a", "{ portRange: { start: 9, end: 8 } }")}]`),
    "spec.ingress[0].ports[0].portRange.end: end must not be less than start (got 8)",
  ],
  [
    "a block",
    admin("a", 1, `${everywhere}\negress: [{ action: Deny, to: [{ networks: [10/8] }] }]`),
    'spec.egress[0].to[0].networks[0]: the field must be a block of addresses such as 10.0.0.0/8 (got "10/8")',
  ],
  [
    "a baseline of another name",
    policy("BaselineAdminNetworkPolicy", "mine", everywhere),
    'metadata.name: a BaselineAdminNetworkPolicy must have the name default (got "mine")',
  ],
  ["a tier", cluster("Top", 1, everywhere), 'spec.tier: the field must be Admin or Baseline (got "Top")'],
])("refused as a server would: %s", (_, text, expected) => {
  const { findings } = said(text);
  expect(findings).toEqual([expect.stringContaining(`: ${expected}. The object is left out.`)]);
});

test("two policies with one priority are said, and taken by name", () => {
  const one = (name: string, action: string): string =>
    admin(name, 7, `${only("db")}\ningress: [${from(action, "web")}]`);
  const { findings } = said(...shop, one("b", "Allow"), one("a", "Deny"));
  expect(findings).toEqual([
    expect.stringContaining("AdminNetworkPolicy a and AdminNetworkPolicy b have the same priority 7"),
  ]);
  expect(into("db", one("b", "Allow"), one("a", "Deny"))).toEqual(["api : All Connections"]);
});
