import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { packageVersion } from "../../schema/version";
import { UsageError } from "../arguments";
import type { Program } from "./program";
import { typescriptProgram } from "./typescript";
import { yamlProgram, yamlProject } from "./yaml";

export type Language = "yaml" | "typescript";

/** The program's own text, and what stands beside it, by file name. The first is the one to read. */
export async function programFiles(
  program: Program,
  language: Language,
  plugin: string | undefined,
): Promise<ReadonlyMap<string, string>> {
  switch (language) {
    case "yaml":
      return new Map([["Pulumi.yaml", await yamlProgram(program, plugin)]]);
    case "typescript":
      return new Map([
        ["index.ts", typescriptProgram(program)],
        ["Pulumi.yaml", await yamlProject(program.project, "nodejs", plugin)],
        ["package.json", json(packageManifest(program))],
        ["tsconfig.json", json(compilerOptions)],
      ]);
  }
}

/** Writes them into a new or empty folder. */
export function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new UsageError(`--out ${folder}: is not empty`);
  for (const [name, text] of files) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 4)}\n`;

const packageManifest = ({ project: name }: Program): unknown => ({
  name: name.toLowerCase(),
  private: true,
  main: "index.ts",
  dependencies: { "@pulumi/pulumi": "^3.259.0", "pulumi-sdn": packageVersion },
  devDependencies: { typescript: "^5.9.0", "@types/node": "^24.0.0" },
});

const compilerOptions: unknown = {
  compilerOptions: { target: "ES2022", module: "NodeNext", strict: true, skipLibCheck: true, noEmit: true },
  files: ["index.ts"],
};
