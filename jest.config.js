/**
 * Two projects. `fast`: unit, property, contract and protocol tests, in parallel. `lab`: tests with real hosts in
 * network namespaces, for which the machine has room once; they need root and run one after another (`make test`
 * gives `--runInBand`).
 */
const common = {
  rootDir: __dirname,
  testEnvironment: "node",
  transform: {
    "\\.ts$": ["@swc/jest", { jsc: { target: "es2023", parser: { syntax: "typescript", decorators: false } } }],
    "\\.sh$": "<rootDir>/tools/jest-text-transform.js",
  },
  // The SDK as it is published: compiled.
  moduleNameMapper: { "^pulumi-sdn$": "<rootDir>/sdk/nodejs/bin" },
  modulePathIgnorePatterns: ["<rootDir>/bin/", "<rootDir>/dist/", "<rootDir>/sdk/nodejs/package.json"],
};

module.exports = {
  cacheDirectory: "<rootDir>/.jest-cache",
  reporters: ["default", "<rootDir>/tools/jest-summary-reporter.js"],
  testTimeout: 120_000,
  projects: [
    {
      ...common,
      displayName: "fast",
      testMatch: ["<rootDir>/tests/{unit,property,contract,protocol}/**/*.test.ts"],
    },
    { ...common, displayName: "lab", testMatch: ["<rootDir>/tests/{lab,examples}/**/*.test.ts"] },
  ],
};
