/**
 * Runs a TypeScript program: `node tools/run-ts.js FILE ARGUMENT…`. The program is bundled first, since our sources use
 * syntax that Node does not strip; so it finds files by the working directory, which is the repository's root.
 */
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { dirname, join, resolve, basename } = require("node:path");
const esbuild = require("esbuild");

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node tools/run-ts.js FILE ARGUMENT…");
  process.exit(2);
}
const root = join(__dirname, "..");
// Checkouts may share one node_modules: each has its own bundle.
const checkout = createHash("sha256").update(root).digest("hex").slice(0, 8);
const bundle = join(root, "node_modules", ".cache", "sdn", `${basename(file, ".ts")}-${checkout}.js`);

/** In a bundle `__dirname` would be the bundle's place: each source keeps its own. */
const ownFolder = {
  name: "own-folder",
  setup(build) {
    build.onLoad({ filter: /\.[jt]s$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const named = text.includes("__dirname") ? `const __dirname = ${JSON.stringify(dirname(path))};${text}` : text;
      return { contents: named, loader: path.endsWith(".ts") ? "ts" : "js" };
    });
  },
};
esbuild
  .build({
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
    plugins: [ownFolder],
    // CommonJS packages are required, also where the sources import them late.
    supported: { "dynamic-import": false },
  })
  .then(() => {
    process.chdir(root);
    process.argv = [process.argv[0], resolve(file), ...args];
    require(bundle);
  })
  .catch(() => process.exit(1));
