/** Which objects are workloads, and as what they count. */
import { networkPolicy, said } from "../../support/manifests";

const template = "template: { metadata: { labels: { app: x } }, spec: { containers: [] } }";

const names = (...documents: readonly string[]): readonly string[] => [
  ...new Set(said(...documents).lines.flatMap((line) => line.split(/ (?:=>|:) /).filter((end) => end.includes("/")))),
];

test.each<[string, string, string]>([
  ["Deployment", "apps/v1", template],
  ["StatefulSet", "apps/v1", template],
  ["DaemonSet", "apps/v1", template],
  ["ReplicaSet", "apps/v1", template],
  ["ReplicationController", "v1", template],
  ["Job", "batch/v1", template],
  ["CronJob", "batch/v1", `jobTemplate: { spec: { ${template} } }`],
])("a %s, and its labels are its template's", (kind, apiVersion, spec) => {
  const documents = [
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: w, namespace: shop, labels: { app: other } }\nspec: { ${spec} }`,
    networkPolicy("x", "podSelector: { matchLabels: { app: x } }"),
  ];
  expect(said(...documents)).toEqual({
    lines: [`shop/w[${kind}] => 0.0.0.0-255.255.255.255[External] : All Connections`],
    findings: [],
  });
});

const pod = (name: string, metadata: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, ${metadata} }\nspec: { containers: [] }`;
const owner = (kind: string, controller = true): string =>
  `ownerReferences: [{ kind: ${kind}, name: own, controller: ${controller} }]`;

test.each<[string, string[], string[]]>([
  ["a pod without a namespace is in default", [pod("p", "labels: {}")], ["default/p[Pod]"]],
  [
    "a pod counts as its controller",
    [pod("p", owner("ReplicaSet")), pod("q", owner("ReplicaSet"))],
    ["default/own[ReplicaSet]"],
  ],
  ["an owner that does not control is none", [pod("p", owner("ReplicaSet", false))], ["default/p[Pod]"]],
  ["a static pod's node is no owner", [pod("p", owner("Node"))], ["default/p[Pod]"]],
])("%s", (_, documents, expected) => {
  expect(names(...documents)).toEqual(expected);
});

test("pods of one owner that policies tell apart: what any of them may, and a warning", () => {
  const one = (name: string, role: string): string =>
    pod(name, `namespace: shop, labels: { role: ${role} }, ${owner("StatefulSet")}`);
  const { lines, findings } = said(
    one("p", "leader"),
    one("q", "follower"),
    pod("client", "namespace: shop"),
    networkPolicy("leader", "podSelector: { matchLabels: { role: leader } }\ningress: [{ ports: [{ port: 1 }] }]"),
    networkPolicy("follower", "podSelector: { matchLabels: { role: follower } }\ningress: [{ ports: [{ port: 2 }] }]"),
  );
  expect(lines).toContain("shop/client[Pod] => shop/own[StatefulSet] : TCP 1-2");
  expect(findings).toEqual([
    "warning: m.yaml:1: shop/own[StatefulSet]: policies tell its pods apart; shown is what any of them may",
  ]);
});
