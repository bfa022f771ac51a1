/** A program of ours as one file, with its launcher beside it. */
const { chmodSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const esbuild = require("esbuild");

/** Bundles `entry` into `folder` under the name `bundle`; `launcher` starts it. */
function bundleProgram({ entry, folder, launcher, bundle }) {
  mkdirSync(folder, { recursive: true });
  esbuild.buildSync({
    entryPoints: [entry],
    outfile: join(folder, bundle),
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
  const text = readFileSync(join(__dirname, "launcher.sh"), "utf8");
  const file = join(folder, launcher);
  writeFileSync(file, text.replaceAll("pulumi-resource-sdn", launcher).replaceAll("provider.js", bundle));
  chmodSync(file, 0o755);
}

module.exports = { bundleProgram };
