/** A Pulumi stack driven by the real CLI with the bundled plugin: a folder, a file backend, a program in YAML. */
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import type { ExecutionRecord } from "../../../provider/src/targets/execution-log";
import { execute } from "./lab";
import type { ExecResult, LabHost } from "./lab";

const ROOT = join(__dirname, "..", "..", "..");
/** As `tools/setup` leaves it. */
const CLI = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sdn", "tools", "pulumi-3.259.0", "bin");

export interface YamlResource {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface Program {
  readonly resources: Readonly<Record<string, YamlResource>>;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** Plugins besides ours, each with the folder of its executable. */
  readonly plugins?: readonly { readonly name: string; readonly path: string }[];
}

export class Stack {
  private constructor(
    private readonly folder: string,
    private readonly plugin: string,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** What the provider ran on hosts since the last look, as `SDN_EXECUTION_LOG` has it. */
  async executions(): Promise<readonly ExecutionRecord[]> {
    const file = join(this.folder, "executions");
    const text = await readFile(file, "utf8").catch(() => "");
    await rm(file, { force: true });
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as ExecutionRecord);
  }

  /** `plugin`: the folder of the provider's executable. `environment`: what the CLI gets besides, or otherwise. */
  static async create(
    program: Program,
    plugin = join(ROOT, "bin"),
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Stack> {
    const stack = new Stack(await mkdtemp(join(tmpdir(), "sdn-stack-")), plugin, environment);
    await mkdir(join(stack.folder, "state"));
    await stack.write(program);
    await stack.must(["stack", "init", "dev"]);
    return stack;
  }

  /** Replaces the program. */
  async write({ plugins: others = [], ...program }: Program): Promise<void> {
    const providers = [{ name: "sdn", path: this.plugin }, ...others.map(({ name, path }) => ({ name, path }))];
    const plugins = { providers };
    // JSON is YAML.
    const text = JSON.stringify({ name: "lab", runtime: "yaml", plugins, ...program }, undefined, 2);
    await this.writeText(text);
  }

  /** Replaces the program by one that somebody wrote. */
  async writeText(text: string): Promise<void> {
    await writeFile(join(this.folder, "Pulumi.yaml"), text);
  }

  /** Any command of the CLI. */
  async pulumi(args: readonly string[], timeoutMs = 180_000): Promise<ExecResult> {
    return execute("env", this.words(args), { timeoutMs });
  }

  /** A command that goes on while the test does something to it. */
  start(args: readonly string[]): ChildProcessByStdio<null, Readable, null> {
    return spawn("env", this.words(args), { stdio: ["ignore", "pipe", "ignore"] });
  }

  private words(args: readonly string[]): readonly string[] {
    const env = {
      PATH: `${CLI}:${process.env["PATH"] ?? ""}`,
      HOME: process.env["HOME"] ?? "/root",
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "lab",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      SDN_EXECUTION_LOG: join(this.folder, "executions"),
      ...this.environment,
    };
    const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return ["-C", this.folder, ...assignments, "pulumi", "--non-interactive", "--color=never", ...args];
  }

  async must(args: readonly string[]): Promise<string> {
    const result = await this.pulumi(args);
    if (result.code !== 0) throw new Error(`pulumi ${args.join(" ")} failed:\n${result.stdout}\n${result.stderr}`);
    return result.stdout;
  }

  up = (...more: readonly string[]): Promise<string> => this.must(["up", "--yes", "--skip-preview", ...more]);
  preview = (...more: readonly string[]): Promise<ExecResult> => this.pulumi(["preview", ...more]);
  refresh = (): Promise<string> => this.must(["refresh", "--yes", "--skip-preview"]);
  destroy = (): Promise<string> => this.must(["destroy", "--yes", "--skip-preview"]);

  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse(await this.must(["stack", "output", "--json", "--show-secrets"])) as Record<string, unknown>;
  }

  /** The state as it is stored. */
  async exported(): Promise<string> {
    return this.must(["stack", "export"]);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The `Host` resource of a machine of the lab. */
export function hostResource(host: LabHost, more: Readonly<Record<string, unknown>> = {}): YamlResource {
  const { address, port, user, privateKeyPath, hostKey } = host;
  return { type: "sdn:Host", properties: { ssh: { address, port, user, privateKeyPath, hostKey, ...more } } };
}
