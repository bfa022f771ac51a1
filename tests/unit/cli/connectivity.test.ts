/** The commands over folders: every format of the example, what is said, and exit statuses. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runCommand } from "../../../provider/src/cli/command";
import { golden } from "../../support/golden";
import { deployment, networkPolicy } from "../../support/manifests";

const root = join(__dirname, "..", "..", "..");
const example = join(root, "examples", "connectivity");

async function run(...args: readonly string[]): Promise<{ status: number; out: string; said: readonly string[] }> {
  const out: string[] = [];
  const said: string[] = [];
  const status = await runCommand(args, { out: (text) => out.push(text), say: (text) => said.push(text) });
  return { status, out: out.join(""), said };
}

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "sdn-connectivity-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return folder;
}

test.each(["txt", "json", "csv", "md", "dot", "svg"])("the example and its change as %s", async (format) => {
  const [before, after] = ["before", "after"].map((name) => join(example, name)) as [string, string];
  const shown = await run("connectivity", "--manifests", before, "--format", format);
  const changed = await run("diff", "--dir1", before, "--dir2", after, "--format", format);
  for (const { status, said } of [shown, changed]) expect({ status, said }).toEqual({ status: 0, said: [] });
  golden(`connectivity.${format}.txt`, shown.out);
  golden(`connectivity-diff.${format}.txt`, changed.out);
});

test("the document shows what the commands print", () => {
  const text = readFileSync(join(root, "docs", "connectivity.md"), "utf8");
  const picture = (name: string): string => readFileSync(join(root, "tests", "pictures", name), "utf8");
  expect(text).toContain(`before\n${picture("connectivity.txt.txt")}\`\`\``);
  expect(text).toContain(`after\n${picture("connectivity-diff.txt.txt")}\`\`\``);
  expect(readFileSync(join(root, "docs", "connectivity.svg"), "utf8")).toBe(picture("connectivity-diff.svg.txt"));
});

test("folders in folders, every extension, and no other file", async () => {
  write({
    "a/b/one.yaml": deployment("one"),
    "two.yml": deployment("two"),
    "three.json": JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "three", namespace: "shop" } }),
    "four.txt": "no: manifest: at all",
  });
  const { out, said } = await run("connectivity", "--manifests", folder, "--format", "csv");
  const sources = new Set(
    out
      .split("\n")
      .slice(1, -1)
      .map((line) => line.split(",")[0]),
  );
  expect([...sources]).toEqual([
    "0.0.0.0-255.255.255.255[External]",
    "shop/one[Deployment]",
    "shop/three[Pod]",
    "shop/two[Deployment]",
  ]);
  expect(said).toEqual([]);
});

test("ranges that touch and have the same connections are one where that is asked for", async () => {
  const block = (name: string, cidr: string): string =>
    networkPolicy(
      name,
      `podSelector: { matchLabels: { app: ${name} } }\ningress: [{ from: [{ ipBlock: { cidr: ${cidr} } }] }]`,
    );
  write({
    "a.yaml": [deployment("web"), deployment("api"), block("web", "10.0.0.0/8"), block("api", "10.1.0.0/16")].join(
      "\n---\n",
    ),
  });
  const intoWeb = async (...options: readonly string[]): Promise<readonly string[]> => {
    const { out } = await run("connectivity", "--manifests", folder, ...options);
    return out
      .split("\n")
      .filter((line) => line.includes("=> shop/web["))
      .map((line) => line.split("[")[0]!);
  };
  expect(await intoWeb()).toEqual(["10.0.0.0-10.0.255.255", "10.1.0.0-10.1.255.255", "10.2.0.0-10.255.255.255"]);
  expect(await intoWeb("--join-ranges")).toEqual(["10.0.0.0-10.255.255.255"]);
});

test("a bad file is a warning with its line, and an error where that is asked for", async () => {
  write({ "bad.yaml": "a:\n  b: c: d\n", "good.yaml": deployment("web") });
  const shown = await run("connectivity", "--manifests", folder);
  expect(shown.status).toBe(0);
  expect(shown.out).toContain("shop/web[Deployment]");
  expect(shown.said).toEqual([expect.stringMatching(/^warning: .*bad\.yaml:2: not YAML: /)]);
  for (const option of ["--strict", "--fail"]) {
    expect(await run("connectivity", "--manifests", folder, option)).toEqual({ ...shown, status: 1 });
  }
});

test("without workloads the result is empty, and it is said", async () => {
  write({ "policy.yaml": networkPolicy("n", "podSelector: {}") });
  expect(await run("connectivity", "--manifests", folder)).toEqual({
    status: 0,
    out: "",
    said: [`warning: ${folder}: the manifests have no workloads`],
  });
  expect((await run("connectivity", "--manifests", folder, "--format", "json")).out).toBe("[]\n");
});

test.each<[string, Readonly<Record<string, string>>]>([
  ["nothing to read", { "readme.txt": "" }],
  ["nothing that is an object", { "a.yaml": "- 1\n", "b.yaml": "a: b: c\n" }],
])("%s: exit status 1", async (_, files) => {
  const { status, out, said } = await run("connectivity", "--manifests", write(files));
  expect({ status, out }).toEqual({ status: 1, out: "" });
  expect(said.at(-1)).toBe(`no manifest could be read from ${folder}`);
});

test.each<[string, string[], string]>([
  ["no folder", ["connectivity"], "pulumi-sdn connectivity: no manifests: give --manifests FOLDER"],
  [
    "an unknown format",
    ["connectivity", "--manifests", ".", "--format", "pdf"],
    "pulumi-sdn connectivity: --format pdf: write txt or json or csv or md or dot or svg",
  ],
  ["one folder of two", ["diff", "--dir1", "."], "pulumi-sdn diff: give --dir1 FOLDER and --dir2 FOLDER"],
  ["an argument too many", ["diff", "x"], "pulumi-sdn diff: x is one argument too many"],
])("called with %s: exit status 2", async (_, args, expected) => {
  expect(await run(...args)).toEqual({ status: 2, out: "", said: [expected] });
});

test("a difference says which side could not be read", async () => {
  write({ "a/web.yaml": deployment("web") });
  const [dir1, dir2] = [join(folder, "a"), join(folder, "missing")];
  const { status, said } = await run("diff", "--dir1", dir1, "--dir2", dir2);
  expect(status).toBe(1);
  expect(said).toEqual([
    expect.stringMatching(/^dir2: warning: .*missing: not read: (Error: )?ENOENT/),
    `dir2: no manifest could be read from ${dir2}`,
  ]);
});
