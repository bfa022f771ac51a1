/** What the bundles take in, and what they load only when it is needed: the start of the plugin is budgeted. */
import { join } from "node:path";

import { build } from "esbuild";

interface Bundled {
  readonly packages: ReadonlySet<string>;
  /** The packages that our own sources load at the start. */
  readonly atStart: ReadonlySet<string>;
}

const packageOf = (path: string): string | undefined =>
  /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? undefined;

async function bundled(entry: string): Promise<Bundled> {
  const root = join(__dirname, "..", "..");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join("provider", "src", entry)],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    loader: { ".sh": "text" },
    external: ["cpu-features", "*.node"],
    logLevel: "error",
    preserveSymlinks: true,
  });
  const inputs = Object.entries(metafile.inputs);
  const known = (paths: readonly string[]) =>
    new Set(paths.map(packageOf).filter((name): name is string => name !== undefined));
  const statically = (path: string): readonly string[] =>
    (metafile.inputs[path]?.imports ?? []).filter(({ kind }) => kind !== "dynamic-import").map((one) => one.path);
  // What a source loads that is itself loaded later is not loaded at the start.
  const reached = new Set([`provider/src/${entry}`]);
  for (const path of reached) {
    for (const next of statically(path)) if (path.startsWith("provider/")) reached.add(next);
  }
  return { packages: known(inputs.map(([path]) => path)), atStart: known([...reached]) };
}

test("the plugin has nothing of what only the command line needs, and loads SSH with the first connection", async () => {
  const { packages, atStart } = await bundled("main.ts");
  expect(packages).not.toContain("yaml");
  expect(packages).toContain("ssh2");
  expect(atStart).not.toContain("ssh2");
});

test("the command line loads YAML with the first program that it writes, or the first manifest that it reads", async () => {
  const { packages, atStart } = await bundled(join("cli", "main.ts"));
  expect(packages).toContain("yaml");
  expect(atStart).not.toContain("yaml");
});
