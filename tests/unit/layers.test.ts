/** The layer rule bites: small snippets, linted as if they stood in the named folder. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Linter } from "eslint";
import tseslint from "typescript-eslint";
import { layerConfigs } from "../../tools/eslint-layers";

const ROOT = join(__dirname, "..", "..");
const config = [
  {
    files: ["**/*.ts"],
    languageOptions: { parser: tseslint.parser },
    plugins: { "@typescript-eslint": tseslint.plugin },
  },
  ...layerConfigs,
] as Linter.Config[];

/** What the rule says of a file with that text; empty when nothing. */
function problems(file: string, text: string): string[] {
  const linter = new Linter({ configType: "flat", cwd: ROOT });
  return linter.verify(text, config, { filename: join(ROOT, "provider", "src", file) }).map((found) => found.message);
}

test.each([
  ["model/a.ts", `import { Plan } from "../compile/plan";`, "nothing else of ours"],
  ["model/deep/a.ts", `import { Plan } from "../../compile/plan";`, "nothing else of ours"],
  ["model/a.ts", `export * from "../rpc/value";`, "nothing else of ours"],
  ["ipam/a.ts", `import { compile } from "../compile";`, "ipam/ may import from: model"],
  ["policy/a.ts", `import { allocate } from "../ipam/allocate";`, "policy/ may import from: model"],
  ["manifests/a.ts", `import { compile } from "../compile/plan";`, "manifests/ may import from: model, policy"],
  ["manifests/read/a.ts", `import { readFile } from "node:fs/promises";`, "is pure"],
  ["render/a.ts", `import { connectionText } from "../manifests/connection-set";`, "may import types, but no values"],
  ["policy/a.ts", `import { Cluster } from "../manifests/cluster";`, "policy/ may import from: model"],
  ["compile/a.ts", `import type { Target } from "../targets/target";`, "compile/ may import from"],
  ["compile/a.ts", `import { Reach } from "../reach/reach";`, "compile/ may import from"],
  ["reach/a.ts", `import { text } from "../render/words";`, "reach/ may import from: model, policy, compile"],
  ["reach/a.ts", `import { readFile } from "node:fs/promises";`, "is pure"],
  ["render/a.ts", `import { compile } from "../compile/plan";`, "may import types, but no values"],
  ["render/a.ts", `import { Reach } from "../reach/reach";`, "may import types, but no values"],
  ["targets/a.ts", `import { render } from "../render/nft";`, "targets/ may import from: model"],
  ["rpc/a.ts", `import { host } from "../resources/host";`, "rpc/ may import from: model"],
  ["rpc/a.ts", `import { fabric } from "../components/fabric";`, "rpc/ may import from: model"],
  ["schema/a.ts", `import { value } from "../rpc/value";`, "schema/ may import from: model"],
  ["components/a.ts", `import { ssh } from "../targets/ssh";`, "components/ may import from"],
  ["resources/a.ts", `import { fabric } from "../components/fabric";`, "resources/ may import from"],
  ["model/a.ts", `import { readFile } from "node:fs/promises";`, "is pure"],
  ["policy/a.ts", `import * as fs from "fs";`, "is pure"],
  ["compile/a.ts", `import { createHash } from "node:crypto";`, "is pure"],
  ["compile/a.ts", `import net = require("node:net");`, "is pure"],
  ["ipam/a.ts", `import { Client } from "ssh2";`, "is pure"],
  ["render/a.ts", `import * as pulumi from "@pulumi/pulumi";`, "is pure"],
  ["render/a.ts", `import { Server } from "@grpc/grpc-js";`, "is pure"],
  ["render/a.ts", `const fs = require("node:fs");`, "imports statically"],
  ["policy/a.ts", `const lazy = () => import("../targets/ssh");`, "imports statically"],
  ["targets/a.ts", `export default 1;`, "Export by name"],
  ["model/a.ts", `export default class A {}`, "Export by name"],
])("in %s, %s is refused", (file, text, reason) => {
  expect(problems(file, text)).toEqual([expect.stringContaining(reason)]);
});

test.each([
  ["model/a.ts", `import { SdnError } from "./error";`],
  ["ipam/a.ts", `import { SdnError } from "../model/error";`],
  ["ipam/a.ts", `import { Address6 } from "ip-address";`],
  ["compile/a.ts", `import { allocate } from "../ipam/allocate"; import { rule } from "../policy/rule";`],
  ["reach/a.ts", `import { compile } from "../compile/plan"; import { rule } from "../policy/rule";`],
  ["render/a.ts", `import type { Plan } from "../compile/plan";`],
  ["render/deep/a.ts", `import type { Connection } from "../../manifests/connections";`],
  ["manifests/read/a.ts", `import { parseAllDocuments } from "yaml"; import { cidr } from "../../model/cidr";`],
  ["render/a.ts", `import type { Flow } from "../reach/flow";`],
  ["targets/a.ts", `import { Client } from "ssh2"; import { spawn } from "node:child_process";`],
  ["rpc/a.ts", `import { Server } from "@grpc/grpc-js"; import { SdnError } from "../model/error";`],
  ["components/a.ts", `import type { ComponentHandler } from "../rpc/handlers";`],
  ["resources/a.ts", `import { ssh } from "../targets/ssh"; import { render } from "../render/nft";`],
  ["main.ts", `import { serve } from "./rpc/server"; import { handlers } from "./resources";`],
])("in %s, %s is allowed", (file, text) => {
  expect(problems(file, text)).toEqual([]);
});

test("the configuration that `make check` uses has the rule", () => {
  const eslint = join(ROOT, "node_modules", "eslint", "bin", "eslint.js");
  const printed = execFileSync(process.execPath, [eslint, "--print-config", "provider/src/model/error.ts"], {
    cwd: ROOT,
  });
  const { rules } = JSON.parse(printed.toString()) as { rules: Record<string, [number, { patterns: unknown[] }]> };
  const [severity, options] = rules["@typescript-eslint/no-restricted-imports"] ?? [0, { patterns: [] }];
  expect(severity).toBe(2);
  expect(JSON.stringify(options.patterns)).toContain("nothing else of ours");
});
