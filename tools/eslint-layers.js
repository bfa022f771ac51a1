/**
 * The layer rule of docs/architecture.md as ESLint configuration: which folder under provider/src may import which.
 * Data flow one way only: components and resources → model → ipam, policy → compile → reach, render → targets.
 */
const { builtinModules } = require("node:module");

/** Folder → the folders that it may import from, besides itself. */
const LAYERS = {
  model: [],
  ipam: ["model"],
  policy: ["model"],
  manifests: ["model", "policy"],
  compile: ["model", "ipam", "policy"],
  reach: ["model", "policy", "compile"],
  render: ["model"],
  targets: ["model"],
  rpc: ["model"],
  schema: ["model"],
  inputs: ["rpc", "model"],
  resources: ["inputs", "rpc", "schema", "model", "ipam", "policy", "compile", "reach", "render", "targets"],
  functions: [
    "inputs",
    "rpc",
    "schema",
    "model",
    "ipam",
    "policy",
    "compile",
    "reach",
    "render",
    "targets",
    "resources",
  ],
  components: ["inputs", "rpc", "schema", "model", "ipam", "policy", "compile"],
  cli: [
    "inputs",
    "rpc",
    "schema",
    "model",
    "ipam",
    "policy",
    "manifests",
    "compile",
    "reach",
    "render",
    "targets",
    "resources",
    "components",
    "functions",
  ],
};
/** Folder → folders from which it may import types but no values. */
const TYPES_ONLY = { render: ["compile", "manifests", "reach"] };
/** No input, no output, no protocol: a function of its arguments. */
const PURE = ["model", "ipam", "policy", "manifests", "compile", "reach", "render"];

const RULE = "@typescript-eslint/no-restricted-imports";

function folderPattern(folders) {
  return `^(\\.\\./)+(${folders.join("|")})(/|$)`;
}

/** What the rule forbids to a folder, as patterns of import specifiers. */
function forbiddenPatterns(layer) {
  const typesOnly = TYPES_ONLY[layer] ?? [];
  const forbidden = Object.keys(LAYERS).filter(
    (other) => other !== layer && !LAYERS[layer].includes(other) && !typesOnly.includes(other),
  );
  const allowed = LAYERS[layer].length > 0 ? LAYERS[layer].join(", ") : "nothing else of ours";
  const patterns = [{ regex: folderPattern(forbidden), message: `${layer}/ may import from: ${allowed}.` }];
  if (typesOnly.length > 0) {
    patterns.push({
      regex: folderPattern(typesOnly),
      allowTypeImports: true,
      message: `${layer}/ may import types, but no values, from: ${typesOnly.join(", ")}.`,
    });
  }
  if (PURE.includes(layer)) {
    patterns.push({
      regex: `^(node:.*|(${builtinModules.join("|")})|ssh2.*|@pulumi/.*|@grpc/.*|google-protobuf.*)$`,
      message: `${layer}/ is pure: no input or output, no protocol. Take what is needed as an argument.`,
    });
  }
  return patterns;
}

/** One configuration a layer, for the files under its folder. */
const layerConfigs = Object.keys(LAYERS).map((layer) => ({
  name: `sdn/layers/${layer}`,
  files: [`provider/src/${layer}/**/*.ts`],
  rules: { [RULE]: ["error", { patterns: forbiddenPatterns(layer) }] },
}));

/** `require` and `import()` would get around the rule; a pure layer has no use for either. */
const PURE_SYNTAX = [
  { selector: "CallExpression[callee.name='require']", message: "A pure layer imports statically." },
  { selector: "ImportExpression", message: "A pure layer imports statically." },
];
const NO_DEFAULT_EXPORT = [
  { selector: "ExportDefaultDeclaration", message: "Export by name." },
  { selector: "TSExportAssignment", message: "Export by name." },
];
const syntaxConfigs = [
  { name: "sdn/exports", files: ["**/*.ts"], rules: { "no-restricted-syntax": ["error", ...NO_DEFAULT_EXPORT] } },
  {
    name: "sdn/pure",
    files: PURE.map((layer) => `provider/src/${layer}/**/*.ts`),
    rules: { "no-restricted-syntax": ["error", ...NO_DEFAULT_EXPORT, ...PURE_SYNTAX] },
  },
];

module.exports = { LAYERS, layerConfigs: [...layerConfigs, ...syntaxConfigs] };
