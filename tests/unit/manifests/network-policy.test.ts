/** What NetworkPolicies mean between three workloads: web, api and db, of which api has a named port. */
import { between, deployment, namespace, networkPolicy, said } from "../../support/manifests";

const shop = [
  deployment("web", { labels: "tier: front", ports: ["http:8080"] }),
  deployment("api", { labels: "tier: back", ports: ["http:9090", "dns:53/UDP"] }),
  deployment("db", { labels: "tier: back", ports: ["5432"] }),
];
const everything = "All Connections";
const intoDb = (spec: string): string[] => {
  const lines = between(said(...shop, networkPolicy("db", `podSelector: { matchLabels: { app: db } }\n${spec}`)).lines);
  return lines.filter((line) => line.includes("=> db ")).map((line) => line.replace(" => db :", ":"));
};

test("without policies everything may connect, but nothing is said of a workload and itself", () => {
  const { lines, findings } = said(...shop.slice(1));
  expect(findings).toEqual([]);
  expect(lines).toEqual([
    "0.0.0.0-255.255.255.255[External] => shop/api[Deployment] : All Connections",
    "0.0.0.0-255.255.255.255[External] => shop/db[Deployment] : All Connections",
    "shop/api[Deployment] => 0.0.0.0-255.255.255.255[External] : All Connections",
    "shop/api[Deployment] => shop/db[Deployment] : All Connections",
    "shop/db[Deployment] => 0.0.0.0-255.255.255.255[External] : All Connections",
    "shop/db[Deployment] => shop/api[Deployment] : All Connections",
  ]);
});

test.each<[string, string, string[]]>([
  ["no rules", "", []],
  ["an empty list of rules", "ingress: []", []],
  ["a rule without from", "ingress: [{}]", [`api: ${everything}`, `web: ${everything}`]],
  ["an empty from", "ingress: [{ from: [] }]", [`api: ${everything}`, `web: ${everything}`]],
  ["an empty list of ports", "ingress: [{ ports: [] }]", [`api: ${everything}`, `web: ${everything}`]],
  [
    "an empty podSelector as a peer",
    "ingress: [{ from: [{ podSelector: {} }] }]",
    [`api: ${everything}`, `web: ${everything}`],
  ],
  ["labels", "ingress: [{ from: [{ podSelector: { matchLabels: { app: api } } }] }]", [`api: ${everything}`]],
  [
    "In",
    "ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: app, operator: In, values: [api, x] }] } }] }]",
    [`api: ${everything}`],
  ],
  [
    "NotIn, which a missing label fulfils",
    "ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: no, operator: NotIn, values: [x] }] } }] }]",
    [`api: ${everything}`, `web: ${everything}`],
  ],
  [
    "Exists and a label",
    "ingress: [{ from: [{ podSelector: { matchLabels: { tier: front }, matchExpressions: [{ key: app, operator: Exists }] } }] }]",
    [`web: ${everything}`],
  ],
  [
    "DoesNotExist",
    "ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: app, operator: DoesNotExist }] } }] }]",
    [],
  ],
  [
    "a port and a range",
    "ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 5432 }, { protocol: UDP, port: 10, endPort: 20 }] }]",
    ["api: TCP 5432,UDP 10-20", "web: TCP 5432,UDP 10-20"],
  ],
  [
    "ports that touch are one range",
    "ingress: [{ ports: [{ port: 81 }, { port: 80 }, { port: 82, endPort: 90 }] }]",
    ["api: TCP 80-90", "web: TCP 80-90"],
  ],
  ["a whole protocol", "ingress: [{ ports: [{ protocol: SCTP }] }]", ["api: SCTP 1-65535", "web: SCTP 1-65535"]],
  [
    "all three protocols, one by one",
    "ingress: [{ ports: [{ protocol: SCTP }, { protocol: TCP }, { protocol: UDP }] }]",
    [`api: ${everything}`, `web: ${everything}`],
  ],
  ["a name that db's ports do not have", "ingress: [{ ports: [{ port: http }] }]", []],
  [
    "two rules, one for each peer",
    `ingress:
- { from: [{ podSelector: { matchLabels: { app: api } } }], ports: [{ port: 1 }] }
- { from: [{ podSelector: { matchLabels: { tier: front } } }], ports: [{ port: 2 }] }`,
    ["api: TCP 1", "web: TCP 2"],
  ],
  [
    "policyTypes without Ingress: rules for it are not judged",
    "policyTypes: [Egress]\ningress: []",
    [`api: ${everything}`, `web: ${everything}`],
  ],
  ["an ipBlock is no pod", "ingress: [{ from: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }]", []],
])("into db with %s", (_, spec, expected) => {
  expect(intoDb(spec)).toEqual(expected);
});

test.each<[string, string, string[]]>([
  [
    "rules for ingress alone leave egress alone",
    "ingress: []",
    ["web => api : All Connections", "web => db : All Connections"],
  ],
  [
    "an empty egress without policyTypes is none",
    "egress: []",
    ["web => api : All Connections", "web => db : All Connections"],
  ],
  ["policyTypes with Egress and no rule", "policyTypes: [Egress]", []],
  [
    "egress rules without policyTypes",
    "egress: [{ to: [{ podSelector: { matchLabels: { app: db } } }] }]",
    ["web => db : All Connections"],
  ],
  [
    "a named port is looked up in each destination",
    "egress: [{ ports: [{ port: http }, { protocol: UDP, port: dns }, { protocol: TCP, port: dns }] }]",
    ["web => api : TCP 9090,UDP 53"],
  ],
])("out of web: %s", (_, spec, expected) => {
  const { lines } = said(...shop, networkPolicy("web", `podSelector: { matchLabels: { app: web } }\n${spec}`));
  expect(between(lines).filter((line) => line.startsWith("web => "))).toEqual(expected);
});

test("several policies that select a pod add up, and both directions must agree", () => {
  const { lines } = said(
    ...shop,
    networkPolicy("none", "podSelector: {}\npolicyTypes: [Ingress, Egress]"),
    networkPolicy(
      "db",
      "podSelector: { matchLabels: { app: db } }\ningress: [{ ports: [{ port: 5432 }, { port: 1 }] }]",
    ),
    networkPolicy(
      "web",
      "podSelector: { matchLabels: { app: web } }\negress: [{ ports: [{ port: 5432 }, { port: 2 }] }]",
    ),
  );
  expect(between(lines)).toEqual(["web => db : TCP 5432"]);
});

test.each<[string, string, string[]]>([
  ["its own namespace where none is named", "podSelector: {}", ["shop/web"]],
  ["every namespace", "namespaceSelector: {}", ["elsewhere/a", "shop/web", "staff/b"]],
  ["a label of a declared Namespace", "namespaceSelector: { matchLabels: { team: staff } }", ["staff/b"]],
  [
    "the name of a namespace without an object",
    "namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: elsewhere } }",
    ["elsewhere/a"],
  ],
  [
    "a namespace without an object has no other label",
    "namespaceSelector: { matchExpressions: [{ key: team, operator: DoesNotExist }] }",
    ["elsewhere/a", "shop/web"],
  ],
  [
    "both selectors of one peer",
    "{ namespaceSelector: {}, podSelector: { matchLabels: { app: a } } }",
    ["elsewhere/a"],
  ],
])("peers in namespaces: %s", (_, peer, expected) => {
  const text = peer.startsWith("{") ? peer : `{ ${peer} }`;
  const { lines } = said(
    deployment("web"),
    deployment("db"),
    deployment("a", { namespace: "elsewhere" }),
    deployment("b", { namespace: "staff" }),
    namespace("staff", "team: staff"),
    networkPolicy("db", `podSelector: { matchLabels: { app: db } }\ningress: [{ from: [${text}] }]`),
  );
  const sources = lines.filter((line) => line.includes("=> shop/db[") && !line.includes("External"));
  expect(sources.map((line) => line.replace(/\[.*$/, ""))).toEqual(expected);
});

test("addresses outside are cut where blocks begin and end, by direction", () => {
  const { lines } = said(
    deployment("web"),
    networkPolicy(
      "web",
      `podSelector: {}
policyTypes: [Ingress, Egress]
ingress:
- { from: [{ ipBlock: { cidr: 10.0.0.0/8, except: [10.1.0.0/16] } }], ports: [{ port: 80 }] }
- { from: [{ ipBlock: { cidr: 10.1.2.3/16 } }], ports: [{ port: 443 }] }
egress:
- { to: [{ ipBlock: { cidr: 0.0.0.0/0 } }], ports: [{ port: 53, protocol: UDP }, { port: web }] }`,
    ),
  );
  expect(lines).toEqual([
    "10.0.0.0-10.0.255.255[External] => shop/web[Deployment] : TCP 80",
    "10.1.0.0-10.1.255.255[External] => shop/web[Deployment] : TCP 443",
    "10.2.0.0-10.255.255.255[External] => shop/web[Deployment] : TCP 80",
    "shop/web[Deployment] => 0.0.0.0-255.255.255.255[External] : UDP 53",
  ]);
});

test.each<[string, string, string[]]>([
  ["that its pods have not", "ingress: [{ ports: [{ port: sql }] }]", ["TCP port with the name sql"]],
  ["of another protocol", "ingress: [{ ports: [{ port: http, protocol: UDP }] }]", ["UDP port with the name http"]],
  ["that its pods have", "ingress: [{ ports: [{ port: http }] }]", []],
  ["that a destination has", "egress: [{ to: [{ podSelector: {} }], ports: [{ port: dns, protocol: UDP }] }]", []],
  ["that no destination has", "egress: [{ ports: [{ port: sql }] }]", ["TCP port with the name sql"]],
])("a port's name %s is noted where nobody has it", (_, spec, expected) => {
  const { findings } = said(...shop, networkPolicy("web", `podSelector: { matchLabels: { app: web } }\n${spec}`));
  const notes = findings.map((text) => text.replace(/^note: .*NetworkPolicy shop\/web: no pod .* leads to has a /, ""));
  expect(notes).toEqual(expected);
});
