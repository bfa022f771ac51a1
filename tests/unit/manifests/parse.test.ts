/** What is wrong with manifests is said with its line, and the rest is read. */
import { parseManifests } from "../../../provider/src/manifests/parse";
import { findingText } from "../../../provider/src/manifests/finding";
import { networkPolicy, said } from "../../support/manifests";

const findings = (text: string, path = "m.yaml"): readonly string[] =>
  parseManifests([{ path, text }]).findings.map(findingText);

const titles = (text: string): readonly string[] =>
  parseManifests([{ path: "m.yaml", text }]).objects.map(({ title }) => title);

test("several documents, lists, and lists of one kind", () => {
  expect(
    titles(`
apiVersion: v1
kind: List
items:
- { apiVersion: v1, kind: Namespace, metadata: { name: a } }
- { apiVersion: v1, kind: PodList, items: [{ metadata: { name: p, namespace: a } }] }
---
---
# nothing here
---
{ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "b" } }
`),
  ).toEqual(["Namespace a", "Pod a/p", "Namespace b"]);
});

test.each<[string, string, string[]]>([
  ["a text", "just words", ["warning: m.yaml:1: not an object of Kubernetes: it has no fields; it is left out"]],
  ["no kind", "\na: 1", ["warning: m.yaml:2: not an object of Kubernetes: it has no kind; it is left out"]],
  [
    "an unknown kind",
    "apiVersion: v1\nkind: ConfigMap\n---\napiVersion: example.com/v1\nkind: Thing\nmetadata: { name: t, namespace: a }",
    ["warning: m.yaml:4: Thing a/t: the kind Thing of example.com/v1 is not known; it is left out"],
  ],
  [
    "another group's kind of the same name",
    "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: { name: n }",
    ["warning: m.yaml:1: NetworkPolicy n: the kind NetworkPolicy of projectcalico.org/v3 is not known; it is left out"],
  ],
  [
    "a kind under a version that does not have it",
    "apiVersion: apps/v1\nkind: Pod\nmetadata: { name: n }",
    ["warning: m.yaml:1: Pod n: apps/v1 has no kind Pod; it is read all the same"],
  ],
  [
    "two objects of one name",
    "{ apiVersion: v1, kind: Namespace, metadata: { name: a } }\n---\n{ apiVersion: v1, kind: Namespace, metadata: { name: a } }",
    ["warning: m.yaml:1: Namespace a: declared again at m.yaml:3; the later one counts"],
  ],
])("%s", (_, text, expected) => {
  expect(findings(text)).toEqual(expected);
});

test("a document that is no YAML is left out, its neighbours are not", () => {
  const text =
    "apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n---\na: b: c\n---\napiVersion: v1\nkind: Namespace\nmetadata: { name: b }\n";
  expect(titles(text)).toEqual(["Namespace a", "Namespace b"]);
  expect(findings(text)).toEqual([
    expect.stringMatching(/^warning: m\.yaml:5: not YAML: .*; this document is left out$/),
  ]);
});

test("a tab before the items of a list in brackets is taken, as Kubernetes takes it", () => {
  const text = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n  - args: [\n\t  a,\n    ]\n";
  expect(titles(text)).toEqual(["Pod a"]);
  expect(findings(text)).toEqual(["warning: m.yaml:7: a tab in the indentation is read as spaces"]);
});

test.each<[string, string, string]>([
  [
    "a port that is a text",
    "ingress: [{ ports: [{ port: 0 }] }]",
    "8: NetworkPolicy shop/n: spec.ingress[0].ports[0].port: the field must be a whole number from 1 to 65535 (got 0). The object is left out.",
  ],
  [
    "an endPort below its port",
    "ingress: [{ ports: [{ port: 9, endPort: 8 }] }]",
    "8: NetworkPolicy shop/n: spec.ingress[0].ports[0].endPort: endPort must not be less than port (got 8). The object is left out.",
  ],
  [
    "an endPort of a name",
    "ingress: [{ ports: [{ port: a, endPort: 8 }] }]",
    "8: NetworkPolicy shop/n: spec.ingress[0].ports[0].endPort: endPort needs a port that is a number (got 8). The object is left out.",
  ],
  [
    "a protocol",
    "ingress: [{ ports: [{ protocol: ICMP }] }]",
    '8: NetworkPolicy shop/n: spec.ingress[0].ports[0].protocol: the field must be TCP, UDP or SCTP (got "ICMP"). The object is left out.',
  ],
  [
    "an empty peer",
    "ingress: [{ from: [{}] }]",
    "8: NetworkPolicy shop/n: spec.ingress[0].from[0]: one of the fields podSelector, namespaceSelector, ipBlock must be given. The object is left out.",
  ],
  [
    "a block and a selector",
    "ingress: [{ from: [{ podSelector: {}, ipBlock: { cidr: 10.0.0.0/8 } }] }]",
    "8: NetworkPolicy shop/n: spec.ingress[0].from[0]: ipBlock excludes podSelector and namespaceSelector. The object is left out.",
  ],
  [
    "no block",
    "ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0 } }] }]",
    '8: NetworkPolicy shop/n: spec.ingress[0].from[0].ipBlock.cidr: the field must be a block of addresses such as 10.0.0.0/8 (got "10.0.0.0"). The object is left out.',
  ],
  [
    "an exception outside",
    "ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8, except: [11.0.0.0/16] } }] }]",
    '8: NetworkPolicy shop/n: spec.ingress[0].from[0].ipBlock.except[0]: the block must lie inside cidr and be smaller (got "11.0.0.0/16"). The object is left out.',
  ],
  [
    "an operator",
    "podSelector: { matchExpressions: [{ key: a, operator: Like }] }",
    '8: NetworkPolicy shop/n: spec.podSelector.matchExpressions[0].operator: the field must be In, NotIn, Exists or DoesNotExist (got "Like"). The object is left out.',
  ],
  [
    "In without values",
    "podSelector: { matchExpressions: [{ key: a, operator: In }] }",
    "8: NetworkPolicy shop/n: spec.podSelector.matchExpressions[0].values: In needs at least one value. The object is left out.",
  ],
  [
    "a label that is a number",
    "podSelector: { matchLabels: { a: 1 } }",
    "8: NetworkPolicy shop/n: spec.podSelector.matchLabels.a: the field must be a text (got 1). The object is left out.",
  ],
  [
    "a label's key",
    "podSelector: { matchLabels: { a@b: x } }",
    '8: NetworkPolicy shop/n: spec.podSelector.matchLabels.a@b: the value is not a valid label key (got "x"). The object is left out.',
  ],
  [
    "a policy type",
    "policyTypes: [Both]",
    '8: NetworkPolicy shop/n: spec.policyTypes[0]: the field must be Ingress or Egress (got "Both"). The object is left out.',
  ],
  [
    "a list that is none",
    "ingress: {}",
    "8: NetworkPolicy shop/n: spec.ingress: the field must be a list. The object is left out.",
  ],
  [
    "a mistyped field",
    "podSelectors: {}",
    "8: NetworkPolicy shop/n: spec.podSelectors: there is no such field; it has no effect",
  ],
  [
    "IPv6",
    "ingress: [{ from: [{ ipBlock: { cidr: 2001:db8::/32 } }] }]",
    "8: NetworkPolicy shop/n: spec.ingress[0].from[0].ipBlock.cidr: IPv6 addresses outside the cluster are not part of the result",
  ],
])("a NetworkPolicy with %s", (_, spec, expected) => {
  // Two lines before, so that the place is seen to be the field's.
  const { findings: found } = said("# one\n# two", networkPolicy("n", spec));
  expect(found).toEqual([`warning: m.yaml:${expected}`]);
});

test.each<[string, string]>([
  ["a line of its own", String.raw`"web[Deployment] : All\nConnections"`],
  ["an arrow", '"web => db"'],
  ["nothing", '""'],
])("a name with %s is refused", (_, name) => {
  const text = `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: {}`;
  expect(titles(text)).toEqual([]);
  const [finding = ""] = findings(text);
  expect(finding).toMatch(/metadata\.name: the field must be a name of letters/);
  expect(finding).not.toMatch(/\p{Cc}/u);
});
