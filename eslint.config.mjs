import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import layers from "./tools/eslint-layers.js";

const nodeGlobals = {
  require: "readonly",
  module: "readonly",
  process: "readonly",
  console: "readonly",
  __dirname: "readonly",
};

export default defineConfig(
  // Example programs have tsconfig files of a user's folder, where the SDK is installed by npm; `tsc` checks them here.
  globalIgnores(["bin/", "dist/", "coverage/", ".jest-cache/", "sdk/", "node_modules/", "examples/"]),
  {
    name: "sdn/typescript",
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // Numbers in messages are what people expect; objects stay forbidden.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // Interfaces of ours have asynchronous methods whose fakes and simple forms have nothing to wait for.
      "@typescript-eslint/require-await": "off",
      // `return refuse(…)` gives the `undefined` that a refused value is, in one line.
      "@typescript-eslint/no-confusing-void-expression": "off",
      // A name with an underscore is taken out of an object on purpose, to leave the rest.
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "max-lines": ["warn", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["warn", { max: 60, skipBlankLines: true, skipComments: true }],
      eqeqeq: "error",
    },
  },
  ...layers.layerConfigs,
  {
    name: "sdn/lazy-require",
    // Start-up time: what a run does not need is not loaded.
    files: ["provider/src/{rpc,resources,components,targets,cli}/**/*.ts", "provider/src/main.ts"],
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  {
    name: "sdn/tests",
    files: ["tests/**/*.ts"],
    rules: {
      "max-lines": "off",
      "max-lines-per-function": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      // Tests hand methods of fakes around, and matchers such as expect.any() have the type any.
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "Export by name." },
        {
          selector: "MemberExpression[object.name=/^(test|it|describe)$/][property.name=/^(skip|only|todo)$/]",
          message: "Every test runs.",
        },
      ],
    },
  },
  {
    name: "sdn/scripts",
    files: ["**/*.js", "**/*.mjs"],
    languageOptions: { globals: nodeGlobals },
    rules: { eqeqeq: "error", "no-undef": "error", "no-unused-vars": ["error", { argsIgnorePattern: "^_" }] },
  },
);
