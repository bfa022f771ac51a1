/** Ansible, plain or with mitogen's strategy, in a folder of its own. */
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { LabHost } from "../../../tests/lab/harness/lab";
import { execute } from "../../../tests/lab/harness/lab";
import type { HostJob } from "./job";
import { inventoryOf } from "./inventory";

export interface PlayResult {
  readonly changed: boolean;
}

export class Ansible {
  private constructor(
    private readonly folder: string,
    private readonly programs: string,
  ) {}

  static async create(folder: string, programs: string, hosts: readonly LabHost[], mitogen: boolean): Promise<Ansible> {
    mkdirSync(join(folder, "control"), { recursive: true });
    const knownHosts = hosts.map(({ address, hostKey }) => `${address} ${hostKey}\n`).join("");
    writeFileSync(join(folder, "known_hosts"), knownHosts);
    writeFileSync(join(folder, "ansible.cfg"), await settings(folder, programs, mitogen));
    return new Ansible(folder, programs);
  }

  /** Writes an inventory; its name, for `play`. */
  inventory(name: string, jobs: readonly HostJob[]): string {
    const file = join(this.folder, `${name}.yml`);
    writeFileSync(file, inventoryOf(jobs));
    return file;
  }

  async play(inventory: string, ...more: readonly string[]): Promise<PlayResult> {
    const playbook = join(__dirname, "playbook.yml");
    const result = await execute(
      "env",
      [
        ...[`ANSIBLE_CONFIG=${join(this.folder, "ansible.cfg")}`, `ANSIBLE_HOME=${join(this.folder, "home")}`],
        ...[join(this.programs, "ansible-playbook"), "-i", inventory, ...more, playbook],
      ],
      { timeoutMs: 300_000 },
    );
    if (result.code !== 0) throw new Error(`ansible-playbook failed:\n${result.stdout.slice(-4000)}\n${result.stderr}`);
    return { changed: /changed=[1-9]/.test(result.stdout) };
  }

  /** Ends the SSH connections that Ansible keeps open for its next run. */
  async close(): Promise<void> {
    const control = join(this.folder, "control");
    for (const socket of readdirSync(control)) {
      await execute("ssh", ["-o", `ControlPath=${join(control, socket)}`, "-O", "exit", "any"]);
    }
  }
}

async function settings(folder: string, programs: string, mitogen: boolean): Promise<string> {
  const lines = [
    "[defaults]",
    "forks = 8",
    "gathering = explicit",
    "retry_files_enabled = false",
    "display_skipped_hosts = false",
    ...(mitogen ? [`strategy_plugins = ${await mitogenPlugins(programs)}`, "strategy = mitogen_linear"] : []),
    "[ssh_connection]",
    "pipelining = true",
    `control_path_dir = ${join(folder, "control")}`,
    `ssh_common_args = -F none -o UserKnownHostsFile=${join(folder, "known_hosts")} -o StrictHostKeyChecking=yes`,
  ];
  return `${lines.join("\n")}\n`;
}

async function mitogenPlugins(programs: string): Promise<string> {
  const where = "import ansible_mitogen, os; print(os.path.dirname(ansible_mitogen.__file__))";
  const { stdout } = await promisify(execFile)(join(programs, "python"), ["-c", where]);
  return join(stdout.trim(), "plugins", "strategy");
}
