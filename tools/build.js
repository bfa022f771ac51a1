/**
 * Bundles the provider into one file, bin/provider.js, with its launcher bin/pulumi-resource-sdn beside it, and the
 * command line into bin/cli.js with bin/pulumi-sdn.
 */
const { join } = require("node:path");
const { bundleProgram } = require("./bundle.js");

const root = join(__dirname, "..");
const sources = join(root, "provider", "src");
const folder = join(root, "bin");

bundleProgram({ entry: join(sources, "main.ts"), folder, launcher: "pulumi-resource-sdn", bundle: "provider.js" });
bundleProgram({ entry: join(sources, "cli", "main.ts"), folder, launcher: "pulumi-sdn", bundle: "cli.js" });
