/** `pulumi-sdn review` from files, as Pulumi prints them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runCommand } from "../../../provider/src/cli/command";
import { atOnce } from "../../support/at-once";
import { Engine, type Stored } from "../../support/engine";
import { GuardedFleet } from "../../support/guarded";
import { guardedShop, guardOf, ingress, webs } from "../../support/reach/guarded-shop";

const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
let folder: string;
let before: readonly Stored[];
let after: readonly Stored[];

beforeAll(async () => {
  jest.useFakeTimers();
  folder = mkdtempSync(join(tmpdir(), "sdn-review-"));
  const fleet = new GuardedFleet(2);
  const engine = new Engine(fleet.world.handlers);
  const database = guardOf([ingress("postgres", webs, "5432")]);
  await atOnce(engine.up(guardedShop(fleet, { policies: { database } })));
  before = [...engine.state.values()];
  await atOnce(engine.up(guardedShop(fleet, { policies: { database: guardOf([ingress("ssh", undefined, "22")]) } })));
  after = [...engine.state.values()];
  jest.useRealTimers();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, value: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
}
const exportOf = (resources: readonly Stored[]): object => ({
  deployment: { resources: resources.map(({ urn, inputs }) => ({ urn, inputs })) },
});
const previewOf = (more: object = {}, replaced: (text: string) => string = (text) => text): object => {
  const next = new Map((JSON.parse(replaced(JSON.stringify(after))) as readonly Stored[]).map((one) => [one.urn, one]));
  const steps = before.map((oldState) => ({
    op: "update",
    urn: oldState.urn,
    oldState,
    newState: next.get(oldState.urn),
  }));
  return { steps, ...more };
};

async function review(...args: readonly string[]): Promise<{ code: number; out: string; say: string }> {
  let [out, say] = ["", ""];
  const code = await runCommand(["review", ...args], { out: (text) => (out += text), say: (text) => (say += text) });
  return { code, out, say };
}

test("two exports: what is opened, what is closed, and the risks", async () => {
  const files = [
    "--before",
    written("before.json", exportOf(before)),
    "--after",
    written("after.json", exportOf(after)),
  ];
  const { code, out } = await review(...files, "--format", "json");
  const { changes, findings } = JSON.parse(out) as Record<"changes" | "findings", readonly Record<string, unknown>[]>;
  expect([code, changes.map(({ effect, from, to, transport }) => [effect, from, to, transport])]).toEqual([
    0,
    [
      ["opens", "any", "db", "tcp/22"],
      ["closes", "webs", "db", "tcp/5432"],
    ],
  ]);
  expect(findings.map(({ kind }) => kind)).toEqual(["everybody", "management"]);
});

test("an export compared with itself has nothing to tell", async () => {
  const file = written("same.json", exportOf(before));
  expect(await review("--before", file, "--after", file, "--fail-on", "opened")).toEqual({
    code: 0,
    out: "## Network review\n\nNo flow is opened or closed.\n",
    say: "",
  });
});

test("a policy that is deleted opens what it closed", async () => {
  const gone = before.filter(({ type }) => type !== "sdn:firewall:Policy");
  const files = [
    "--before",
    written("with.json", exportOf(before)),
    "--after",
    written("without.json", exportOf(gone)),
  ];
  const { code, out } = await review(...files, "--fail-on", "opened");
  expect([code, out]).toEqual([
    1,
    expect.stringContaining("| `any` | `db` | `all but tcp/5432` | `database/default` |"),
  ]);
});

test("errors of a preview are told, and fail the review", async () => {
  const diagnostics = [
    { severity: "error", message: 'denied[0]: "denied any → db1 tcp/22" does not hold: …' },
    { severity: "info", message: "nothing of note" },
  ];
  const { code, out } = await review("--preview", written("failed.json", previewOf({ diagnostics })));
  expect([code, out]).toEqual([1, expect.stringContaining('- :x: denied[0]: "denied any → db1 tcp/22" does not hold')]);
  expect(out).not.toContain("nothing of note");
});

test("a policy with something unknown is named, and nothing is guessed about it", async () => {
  const preview = previewOf({}, (text) => text.replaceAll('"ports":"22"', `"ports":"${unknownText}"`));
  const { out } = await review("--preview", written("unknown.json", preview));
  expect(out).toContain("Something of `database` is known only after other changes");
  expect(out).not.toContain("tcp/22");
});

test.each<[string, readonly string[], string]>([
  ["no file", [], "give --preview FILE, or --before FILE and --after FILE"],
  ["a file that is not there", ["--preview", "/nowhere/at-all.json"], "cannot be read"],
  ["something else than JSON", ["--preview", "text"], "--preview: this is not JSON"],
  ["some other JSON", ["--preview", "other"], "this is not what `pulumi preview --json` prints"],
])("wrong: %s", async (_name, args, message) => {
  const files: Readonly<Record<string, string>> = { text: written("text", "no JSON"), other: written("other", {}) };
  const { code, say } = await review(...args.map((one) => files[one] ?? one));
  expect([code, say]).toEqual([2, expect.stringContaining(message)]);
});
