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

/**
 * Shell functions in the place of the commands. What only looks is passed through and not counted. Where one process does
 * several things (lines of a batch, settings), each counts: those before the one that is struck are done.
 */
function prologue(kind: Fault, k: number, counter: string): string {
  const strike = kind === "fails" ? 'echo "injected fault" >&2; return 1' : "kill -KILL $$; exit 137";
  return `
# counted HOW-MANY NAME: whether one of the next so many is to be struck; sets nth.
counted() {
  read -r count <'${counter}'
  echo $((count + $1)) >'${counter}'
  nth=$((${k} - count))
  [ $nth -ge 1 ] && [ $nth -le $1 ]
}
strike() {
  case "$1 $2" in 'sysctl -n' | 'nft list' | 'nft get') return 0 ;; esac
  case " $* " in
    ' mv '* | *' add '* | *' append '* | *' set '* | *' del '* | *' delete '* | *' replace '* | *' -f '* | *' -I '* | *' -D '*) ;;
    *) return 0 ;;
  esac
  counted 1 || return 0
  echo "$*" >'${counter}.command'
  ${strike}
}
strike_batch() {
  lines=$(cat)
  case $lines in *' show'*) printf '%s\\n' "$lines" | command "$@"; return ;; esac
  if ! counted "$(printf '%s\\n' "$lines" | grep -c .)"; then
    printf '%s\\n' "$lines" | command "$@"
    return
  fi
  echo "$1 $(printf '%s\\n' "$lines" | sed -n "$nth"p)" >'${counter}.command'
  printf '%s\\n' "$lines" | sed "$nth,\\$d" | command "$@"
  echo "Command failed -:$nth" >&2
  ${strike}
}
strike_settings() {
  before=
  settings=
  for word; do
    case $word in net*=*) settings="$settings $word" ;; *) before="$before $word" ;; esac
  done
  if counted "$(set -- $settings; echo $#)"; then
    set -- $settings
    while [ $nth -gt 1 ]; do command $before "$1"; shift; nth=$((nth - 1)); done
    echo "$before $1" >'${counter}.command'
    ${strike}
  fi
  command $before $settings
}
for tool in ip nft bridge sysctl iptables ip6tables mv; do
  eval "$tool() {
    case \\" \\$* \\" in
      *' -batch '*) strike_batch $tool \\"\\$@\\" ;;
      *' -qw '*) strike_settings $tool \\"\\$@\\" ;;
      *) strike $tool \\"\\$@\\" && command $tool \\"\\$@\\" ;;
    esac
  }"
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
