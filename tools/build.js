/** Bundles the provider into one file, bin/provider.js, and puts the launcher bin/pulumi-resource-sdn beside it. */
const { chmodSync, copyFileSync, mkdirSync } = require("node:fs");
const { join } = require("node:path");
const esbuild = require("esbuild");

const root = join(__dirname, "..");
const launcher = join(root, "bin", "pulumi-resource-sdn");

mkdirSync(join(root, "bin"), { recursive: true });
esbuild.buildSync({
  entryPoints: [join(root, "provider", "src", "main.ts")],
  outfile: join(root, "bin", "provider.js"),
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
copyFileSync(join(__dirname, "launcher.sh"), launcher);
chmodSync(launcher, 0o755);
