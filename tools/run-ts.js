/**
 * Runs a TypeScript program: `node tools/run-ts.js FILE ARGUMENT…`. The program is bundled first, since our sources use
 * syntax that Node does not strip; so it finds files by the working directory, which is the repository's root.
 */
const { join, resolve, basename } = require("node:path");
const esbuild = require("esbuild");

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node tools/run-ts.js FILE ARGUMENT…");
  process.exit(2);
}
const root = join(__dirname, "..");
const bundle = join(root, "node_modules", ".cache", "sdn", `${basename(file, ".ts")}.js`);
esbuild.buildSync({
  entryPoints: [resolve(file)],
  outfile: bundle,
  bundle: true,
  packages: "external",
  platform: "node",
  target: "node22",
  format: "cjs",
  loader: { ".sh": "text" },
  sourcemap: "inline",
  logLevel: "warning",
});
process.chdir(root);
process.argv = [process.argv[0], resolve(file), ...args];
require(bundle);
