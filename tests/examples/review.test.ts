/** The review of the example's change, from a real preview and from two exports. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cli } from "../lab/harness/cli";
import { execute, startLab } from "../lab/harness/lab";
import type { Lab } from "../lab/harness/lab";
import { golden } from "../support/golden";

const root = join(__dirname, "..", "..");
let lab: Lab;
let folder: string;

/** A command of the CLI in one of the example's folders; its state and its configuration are elsewhere. */
async function pulumi(program: "before" | "after", ...args: readonly string[]): Promise<string> {
  const script =
    'eval "$("$1"/tools/env)" && cd "$1/examples/review/$2" && shift 2 && exec pulumi --non-interactive "$@"';
  const env = [
    `PULUMI_HOME=${join(folder, "home")}`,
    `PULUMI_BACKEND_URL=file://${folder}`,
    "PULUMI_CONFIG_PASSPHRASE=example",
  ];
  const configuration = args[0] === "stack" ? [] : ["--config-file", join(folder, "config.yaml")];
  const words = [...env, "bash", "-c", script, "pulumi", root, program, ...args, ...configuration, "--stack", "test"];
  const { code, stdout, stderr } = await execute("env", words, { timeoutMs: 180_000 });
  if (code !== 0) throw new Error(`pulumi ${args.join(" ")}: exit status ${code}\n${stdout}${stderr}`);
  return stdout;
}

const file = (name: string): string => join(folder, name);
async function review(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const { code, stdout, stderr } = await cli(["review", ...args]);
  if (stderr !== "") throw new Error(stderr);
  return { code, stdout };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sdn-review-"));
  lab = await startLab({ hosts: 2, form: "light", dockerd: false });
  await pulumi("before", "stack", "init");
  const config = { privateKeyPath: lab.host("h1").privateKeyPath } as Record<string, string>;
  for (const { name, address: at, hostKey } of lab.hosts) {
    config[`${name}Address`] = at;
    config[`${name}HostKey`] = hostKey;
  }
  for (const [key, value] of Object.entries(config)) await pulumi("before", "config", "set", key, value);
  await pulumi("before", "up", "--yes", "--skip-preview");
  await writeFile(file("before.json"), await pulumi("before", "stack", "export"));
  await writeFile(file("preview.json"), await pulumi("after", "preview", "--json", "--show-sames"));
}, 240_000);

afterAll(async () => {
  await pulumi("before", "destroy", "--yes", "--skip-preview");
  await lab.down();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

test("the preview becomes Markdown for a pull request", async () => {
  const { code, stdout } = await review("--preview", file("preview.json"));
  expect(code).toBe(0);
  golden("review.md.txt", stdout);
});

test("the exit status says whether there are risks, or anything is opened", async () => {
  const codes = ["error", "risk", "opened", "never"].map(async (on) => {
    return (await review("--preview", file("preview.json"), "--fail-on", on)).code;
  });
  expect(await Promise.all(codes)).toEqual([0, 1, 1, 0]);
});

test("SARIF has the risks at their rules", async () => {
  const { stdout } = await review("--preview", file("preview.json"), "--format", "sarif");
  const log = JSON.parse(stdout) as { runs: readonly { results: readonly { ruleId: string; level: string }[] }[] };
  expect(log.runs[0]?.results.map(({ ruleId, level }) => `${level} ${ruleId}`)).toEqual([
    "warning sdn/everybody",
    "warning sdn/management",
    "warning sdn/unmatched",
  ]);
});

test("two exports of the state say the same of the traffic as the preview between them", async () => {
  await pulumi("after", "up", "--yes", "--skip-preview");
  await writeFile(file("after.json"), await pulumi("after", "stack", "export"));
  const json = async (...args: readonly string[]): Promise<unknown> => {
    const { changes, findings } = JSON.parse((await review(...args, "--format", "json")).stdout) as Record<
      string,
      unknown
    >;
    return { changes, findings };
  };
  expect(await json("--before", file("before.json"), "--after", file("after.json"))).toEqual(
    await json("--preview", file("preview.json")),
  );
  const back = await review("--before", file("after.json"), "--after", file("before.json"), "--fail-on", "risk");
  expect(back.code).toBe(0);
});
