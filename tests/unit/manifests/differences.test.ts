/** What changes between two clusters, and what does not. */
import { connectivityOf } from "../../../provider/src/manifests/connectivity";
import { differencesOf } from "../../../provider/src/manifests/differences";
import { parseManifests } from "../../../provider/src/manifests/parse";
import { differencesAs } from "../../../provider/src/render/connectivity/formats";
import { differenceText } from "../../../provider/src/render/connectivity/text";
import { deployment, networkPolicy } from "../../support/manifests";

const analysed = (documents: readonly string[]) =>
  connectivityOf(parseManifests([{ path: "m.yaml", text: documents.join("\n---\n") }]).objects);
const differences = (before: readonly string[], after: readonly string[]) =>
  differencesOf(analysed(before), analysed(after));
const lines = (before: readonly string[], after: readonly string[]): readonly string[] =>
  differenceText(differences(before, after))
    .split("\n")
    .slice(1, -1)
    .map((line) => line.replace("diff-type: ", ""));

const two = [deployment("web"), deployment("db")];
const closed = networkPolicy("closed", "podSelector: {}\npolicyTypes: [Ingress, Egress]");
const intoDb = (...ports: readonly number[]): string =>
  networkPolicy(
    "db",
    `podSelector: { matchLabels: { app: db } }\ningress: [{ from: [{ podSelector: {} }], ports: [${ports.map((port) => `{ port: ${port} }`).join(", ")}] }]`,
  );
const outOfWeb = networkPolicy(
  "web",
  "podSelector: { matchLabels: { app: web } }\negress: [{ to: [{ podSelector: {} }] }]",
);
const block = (name: string, rule: string): string =>
  networkPolicy(name, `podSelector: { matchLabels: { app: web } }\npolicyTypes: [Egress]\negress: [${rule}]`);
const to = (cidr: string, port: number): string =>
  `{ to: [{ ipBlock: { cidr: ${cidr} } }], ports: [{ port: ${port} }] }`;

test("nothing differs: nothing is printed in any format for tables", () => {
  expect(differenceText(differences(two, two))).toBe("");
  for (const format of ["txt", "csv", "md"] as const) expect(differencesAs(format, differences(two, two), [])).toBe("");
  expect(differencesAs("json", differences(two, two), [])).toBe("[]\n");
});

test("changed, added and removed, in this order", () => {
  const ends = "source: shop/web[Deployment], destination: shop/db[Deployment]";
  expect(lines([...two, closed, outOfWeb, intoDb(1)], [...two, closed, outOfWeb, intoDb(1, 2)])).toEqual([
    `changed, ${ends}, dir1: TCP 1, dir2: TCP 1-2`,
  ]);
  expect(lines([...two, closed], [...two, closed, outOfWeb, intoDb(1)])).toEqual([
    `added, ${ends}, dir1: No Connections, dir2: TCP 1`,
  ]);
  expect(lines([...two, closed, outOfWeb, intoDb(1)], [...two, closed])).toEqual([
    `removed, ${ends}, dir1: TCP 1, dir2: No Connections`,
  ]);
});

test("a workload that is new or lost is named, at whichever end it is", () => {
  const closedBut = [closed, outOfWeb, intoDb(1)];
  expect(lines([deployment("web"), ...closedBut], [...two, ...closedBut])).toEqual([
    "added, source: shop/web[Deployment], destination: shop/db[Deployment], dir1: No Connections, dir2: TCP 1, " +
      "workloads-diff-info: workload shop/db[Deployment] added",
  ]);
  expect(lines([...two, ...closedBut], closedBut)).toEqual([
    "removed, source: shop/web[Deployment], destination: shop/db[Deployment], dir1: TCP 1, dir2: No Connections, " +
      "workloads-diff-info: workload shop/web[Deployment] and shop/db[Deployment] removed",
  ]);
});

test("ranges outside are compared piece by piece, and pieces with the same difference are joined", () => {
  const before = [deployment("web"), block("a", to("10.0.0.0/8", 1))];
  const after = [
    deployment("web"),
    block("a", to("10.0.0.0/9", 1)),
    block("b", to("10.64.0.0/10", 2)),
    block("c", to("192.0.2.0/24", 1)),
  ];
  expect(lines(before, after).map((line) => line.replace("source: shop/web[Deployment], destination: ", ""))).toEqual([
    "changed, 10.64.0.0-10.127.255.255[External], dir1: TCP 1, dir2: TCP 1-2",
    "added, 192.0.2.0-192.0.2.255[External], dir1: No Connections, dir2: TCP 1",
    "removed, 10.128.0.0-10.255.255.255[External], dir1: TCP 1, dir2: No Connections",
  ]);
  // A finer cut alone is no difference.
  expect(lines(before, [deployment("web"), block("a", `${to("10.0.0.0/9", 1)}, ${to("10.128.0.0/9", 1)}`)])).toEqual(
    [],
  );
});
