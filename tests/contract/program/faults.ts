import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProgramHost } from "./bench";

export type Fault = "fails" | "killed";

export interface Struck {
  /** The command in place of which the fault was; `undefined` where the program has fewer. */
  readonly command: string | undefined;
  readonly stdout: string;
}

/** Runs the program with one fault: the k-th command that changes something fails, or the program is killed there. */
export class Injector {
  private readonly folder = mkdtempSync(join(tmpdir(), "sdnt-"));
  private readonly counter = join(this.folder, "count");

  constructor(private readonly host: ProgramHost) {}

  async strike(kind: Fault, k: number, input: string): Promise<Struck> {
    const named = `${this.counter}.command`;
    writeFileSync(this.counter, "0");
    writeFileSync(named, "");
    const { stdout } = await this.host.run(input, prologue(kind, k, this.counter));
    const command = readFileSync(named, "utf8").trim();
    return { command: command === "" ? undefined : `${k} ${command}`, stdout };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Shell functions in the place of the commands. What only looks is passed through and not counted. */
function prologue(kind: Fault, k: number, counter: string): string {
  const strike = kind === "fails" ? 'echo "injected fault" >&2; return 1' : "kill -KILL $$; exit 137";
  return `
strike() {
  case "$1 $2" in 'sysctl -n' | 'nft list' | 'nft get') return 0 ;; esac
  case " $* " in
    ' mv '* | *' add '* | *' append '* | *' set '* | *' del '* | *' delete '* | *' replace '* | *' -qw '* | *' -f '* | *' -batch '* | *' -I '* | *' -D '*) ;;
    *) return 0 ;;
  esac
  count=$(cat '${counter}')
  count=$((count + 1))
  echo $count >'${counter}'
  [ $count = ${k} ] || return 0
  echo "$*" >'${counter}.command'
  ${strike}
}
for tool in ip nft bridge sysctl iptables ip6tables mv; do
  eval "$tool() { strike $tool \\"\\$@\\" || return 1; command $tool \\"\\$@\\"; }"
done
`;
}

/** The lines that only one of two texts has. */
export function difference(before: string, after: string): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ].join("\n");
}
