/** The stand-in for the plugin of @pulumi/kubernetes, as an executable that the engine can start. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const source = join(__dirname, "..", "..", "support", "standins", "kubernetes", "main.ts");

export interface Plugin {
  readonly name: string;
  /** The folder of the executable. */
  readonly path: string;
  remove(): Promise<void>;
}

export async function kubernetesPlugin(): Promise<Plugin> {
  const path = await mkdtemp(join(tmpdir(), "sdn-standin-"));
  const bundle = join(path, "standin.js");
  const common = { bundle: true, platform: "node", target: "node22", format: "cjs", logLevel: "warning" } as const;
  await build({ ...common, entryPoints: [source], outfile: bundle });
  const program = `#!/bin/sh\nexec "${process.execPath}" "${bundle}" "$@"\n`;
  await writeFile(join(path, "pulumi-resource-kubernetes"), program, { mode: 0o755 });
  return { name: "kubernetes", path, remove: () => rm(path, { recursive: true, force: true }) };
}
