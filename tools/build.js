/**
 * Bundles the provider into one file, bin/provider.js, with its launcher bin/pulumi-resource-sdn beside it, and the
 * command line into bin/cli.js with bin/pulumi-sdn.
 */
const { chmodSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const esbuild = require("esbuild");

const root = join(__dirname, "..");
const programs = [
  { launcher: "pulumi-resource-sdn", bundle: "provider.js", entry: "main.ts" },
  { launcher: "pulumi-sdn", bundle: "cli.js", entry: join("cli", "main.ts") },
];

mkdirSync(join(root, "bin"), { recursive: true });
const launcherText = readFileSync(join(__dirname, "launcher.sh"), "utf8");
for (const { launcher, bundle, entry } of programs) {
  esbuild.buildSync({
    entryPoints: [join(root, "provider", "src", entry)],
    outfile: join(root, "bin", bundle),
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    loader: { ".sh": "text" },
    sourcemap: true,
    // Optional natives of ssh2, which it does without where they cannot be loaded.
    external: ["cpu-features", "*.node"],
    logLevel: "warning",
  });
  const file = join(root, "bin", launcher);
  writeFileSync(file, launcherText.replaceAll("pulumi-resource-sdn", launcher).replaceAll("provider.js", bundle));
  chmodSync(file, 0o755);
}
