/**
 * How a constant program is started as root, in the same words for every kind of target, and how we know that it
 * was. Two texts run around the program:
 *
 *  - the *launcher*, with the rights of the login: becomes root by `sudo -n` where it is not root already;
 *  - the *starter*, as root: sets the environment, says on both output streams that the program begins now, and
 *    replaces itself by a `/bin/sh` that runs the program.
 *
 * Whatever stands before the start marker (a chatty `.bashrc`, sudo's complaints) is not the program's output, and
 * its absence proves that the program never began. Only constant text is ever part of a command line, which every
 * user of the host can read; data go by standard input.
 */

import { gzipSync } from "node:zlib";
import { SdnError } from "../model/error";

/** The line that the starter prints on standard output and, with three numbers, on standard error. */
export const START_MARKER = "sdn-program-started";

/** A program that began: enough to end it later without hitting another process that got the same number. */
export interface StartedProgram {
  readonly processId: number;
  /** The process group, absent where /proc could not be read. */
  readonly processGroup?: number;
  /** Clock ticks since boot at which the process began, from /proc/PID/stat; survives exec. */
  readonly startTime?: string;
}

/** The program's own text is known to it: it saves itself. The first half has a dot behind it, which keeps line breaks. */
const HALVES = 'SDN_FIRST=${1%?} SDN_SECOND=$2; shift 2; eval "$SDN_FIRST$SDN_SECOND"';

// In /proc/PID/stat, what follows the command's closing bracket begins with field 3 (state); hence 3 = process
// group (field 5) and 20 = start time (field 22).
const STARTER = [
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}",
  "LC_ALL=C",
  "SDN_SSH_CONNECTION=$1",
  "export PATH LC_ALL SDN_SSH_CONNECTION",
  // Compressed: sshd hands the whole line over as one argument, which has its limit. So has what it is here: two halves.
  'FIRST=$(printf %s "$2" | base64 -d | gzip -dc && echo .) && SECOND=$(printf %s "$3" | base64 -d | gzip -dc) || exit 127',
  "set --",
  "if read -r STAT 2>/dev/null </proc/$$/stat; then set -- ${STAT##*) }; fi",
  `printf "${START_MARKER}\\n"`,
  `printf "${START_MARKER} %s %s %s\\n" "$$" "$3" "\${20}" >&2`,
  `exec /bin/sh -c '${HALVES}' sdn "$FIRST" "$SECOND"`,
  "",
].join("\n");

// Free of line breaks, single quotes, doubled backslashes and exclamation marks: see `sshCommandLine`.
const LAUNCHER = [
  'STARTER=$(printf %b "$1")',
  'if [ "$(id -u)" = 0 ]; then exec /bin/sh -c "$STARTER" sdn "$SSH_CONNECTION" "$2" "$3"; fi',
  'exec sudo -n -- /bin/sh -c "$STARTER" sdn "$SSH_CONNECTION" "$2" "$3"',
].join("; ");

/** Linux refuses a single argument of 128 KiB (MAX_ARG_STRLEN). */
const ARGUMENT_LIMIT = 128 * 1024 - 1;
/** Each half of a program is an argument. */
export const PROGRAM_LIMIT = 2 * ARGUMENT_LIMIT;

/**
 * The command line for `ssh HOST`. It is read by the user's login shell, which need not be a POSIX shell: C shells
 * end a quoted string at a line break and expand `!` within it, fish reads `\\` in single quotes as one backslash.
 * So the starter is encoded for `printf %b`, and what is left are printable characters that mean themselves between
 * single quotes in all of them. The program, the larger part by far, is compressed.
 */
export function sshCommandLine(program: string): string {
  return `exec /bin/sh -c '${LAUNCHER}' sdn '${encodeForPrintf(STARTER)}' '${compressed(program).join("' '")}'`;
}

/** Programs are few and constant, hosts may be a thousand. */
const alreadyCompressed = new Map<string, readonly [string, string]>();

function compressed(program: string): readonly [string, string] {
  const known = alreadyCompressed.get(program);
  if (known !== undefined) return known;
  const bytes = Buffer.from(program, "utf8");
  if (bytes.length > PROGRAM_LIMIT) {
    throw new SdnError({ code: "internal", cause: `a program of ${bytes.length} bytes is too long for two arguments` });
  }
  const middle = Math.ceil(bytes.length / 2);
  const word = (half: Buffer): string => gzipSync(half, { level: 9 }).toString("base64");
  const words = [word(bytes.subarray(0, middle)), word(bytes.subarray(middle))] as const;
  alreadyCompressed.set(program, words);
  return words;
}

function encodeForPrintf(text: string): string {
  return [...Buffer.from(text, "utf8")].map(wordForByte).join("");
}

function wordForByte(byte: number): string {
  if (isPlain(byte)) return String.fromCharCode(byte);
  return `\\0${byte.toString(8).padStart(3, "0")}`;
}

function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f && !["\\", "'", "!"].includes(String.fromCharCode(byte));
}

/** The argument vector that runs `program` as root on this machine, by way of `through` (say `ip netns exec h1`). */
export function localArguments(
  program: string,
  options: { readonly root: boolean; readonly through: readonly string[]; readonly sshConnection: string },
): readonly string[] {
  const elevate = options.root ? [] : ["sudo", "-n", "--"];
  const words = ["/bin/sh", "-c", STARTER, "sdn", options.sshConnection, ...compressed(program)];
  return [...elevate, ...options.through, ...words];
}

/** Reads the marker's line; undefined where it is not one. */
export function parseStartMarker(line: string): StartedProgram | undefined {
  const [marker, processId, processGroup, startTime] = line.split(" ");
  if (marker !== START_MARKER || processId === undefined || !/^\d+$/.test(processId)) return undefined;
  if (processGroup === undefined || startTime === undefined || !/^\d+ \d+$/.test(`${processGroup} ${startTime}`)) {
    return { processId: Number(processId) };
  }
  return { processId: Number(processId), processGroup: Number(processGroup), startTime };
}

/**
 * Ends a started program with its process group. Reads `PID GROUP STARTTIME`; does nothing where that process is
 * gone or its number belongs to another by now.
 */
export const KILL_PROGRAM = `
read -r pid group start || exit 1
read -r stat 2>/dev/null </proc/$pid/stat || exit 0
set -- \${stat##*) }
[ "\${20}" = "$start" ] || exit 0
kill -KILL "-$group"
`;

/** Standard input for `KILL_PROGRAM`; undefined where not enough is known to end it safely. */
export function killInput(started: StartedProgram): string | undefined {
  const { processId, processGroup, startTime } = started;
  if (processGroup === undefined || processGroup <= 1 || startTime === undefined) return undefined;
  return `${processId} ${processGroup} ${startTime}\n`;
}

/** Why a program never began, from what the host said instead. */
export function notStartedError(exitCode: number, complaint: string, place: { host: string; user: string }): SdnError {
  const said = lastLines(complaint);
  const because = said === "" ? `exit status ${exitCode} and no message` : said;
  const base = { code: "missing-capability", host: place.host } as const;
  if (/sudo: .*(not found|No such file)|exec: sudo/i.test(complaint)) {
    return new SdnError({
      ...base,
      cause: `user ${place.user} is not root and there is no sudo on the host (${because})`,
      remedy: "connect as root, or install sudo and allow it without a password",
    });
  }
  if (/^sudo: |not allowed to execute|not in the sudoers/im.test(complaint)) {
    return new SdnError({
      ...base,
      cause: `user ${place.user} is not root and sudo refused (${because})`,
      remedy:
        `connect as root, or add the line "${place.user} ALL=(root) NOPASSWD: ALL" ` +
        "to a file in /etc/sudoers.d by way of visudo",
    });
  }
  return new SdnError({
    ...base,
    cause: `the login of user ${place.user} could not start /bin/sh (${because})`,
    remedy: "use a login with an ordinary shell and without a forced command",
  });
}

/** The end of a complaint on one line, short enough for a message. */
export function lastLines(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.slice(-3).join("; ").slice(-400);
}
