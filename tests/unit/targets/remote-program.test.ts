import { execFileSync } from "node:child_process";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { hostProgram } from "../../../provider/src/render/program";
import {
  killInput,
  localArguments,
  notStartedError,
  parseStartMarker,
  PROGRAM_LIMIT,
  sshCommandLine,
} from "../../../provider/src/targets/remote-program";

const anyProgram = fc.string({ unit: "binary", maxLength: 200 }).map((text) => text.replaceAll("\0", ""));

describe("the command line for a login shell", () => {
  test("has no character that bash, dash, csh or fish read differently within single quotes", () => {
    fc.assert(
      fc.property(anyProgram, (program) => {
        const line = sshCommandLine(program);
        expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(line).not.toContain("!");
        expect(line).not.toContain("\\\\");
        expect(line.replace(/'[^']*'/g, "")).toBe("exec /bin/sh -c  sdn   ");
        expect(line).not.toMatch(/\\'/);
      }),
      { seed: 20250 },
    );
  });

  test.each(["dash", "bash", "busybox"])("carries any text to the program unchanged through %s", (shell) => {
    const argument = shell === "busybox" ? ["sh", "-c"] : ["-c"];
    fc.assert(
      fc.property(anyProgram, (text) => {
        const program = `cat <<'END-OF-THE-TEXT'\n${text}\nEND-OF-THE-TEXT\n`;
        const output = execFileSync(shell, [...argument, sshCommandLine(program)], {
          stdio: ["ignore", "pipe", "ignore"],
        });
        // The first line is the start marker.
        expect(output.subarray(output.indexOf(0x0a) + 1).toString("utf8")).toBe(`${text}\n`);
      }),
      { seed: 20251, numRuns: 15, examples: [['\' \\ \\\\ \\n %s %% ! !! $HOME `id` "x" é']] },
    );
  });

  test("has room for the host's program", () => {
    expect(Buffer.byteLength(hostProgram)).toBeLessThan(PROGRAM_LIMIT * 0.95);
  });

  test("refuses a program that no shell could take as one argument", () => {
    expect(() => sshCommandLine("x".repeat(260 * 1024))).toThrow(/too long/);
  });
});

describe("the argument vector on this machine", () => {
  const base = { through: [], sshConnection: "" };
  test("goes by sudo -n for all but root", () => {
    expect(localArguments("p", { ...base, root: false }).slice(0, 5)).toEqual(["sudo", "-n", "--", "/bin/sh", "-c"]);
    expect(localArguments("p", { ...base, root: true })[0]).toBe("/bin/sh");
  });

  test("becomes root before it enters a namespace", () => {
    const argv = localArguments("p", { ...base, root: false, through: ["ip", "netns", "exec", "h1"] });
    expect(argv.slice(0, 8)).toEqual(["sudo", "-n", "--", "ip", "netns", "exec", "h1", "/bin/sh"]);
    expect(argv.slice(-2).map((word) => gunzipSync(Buffer.from(word, "base64")).toString())).toEqual(["p", ""]);
  });
});

describe("the start marker", () => {
  test.each([
    ["sdn-program-started 41 40 12345", { processId: 41, processGroup: 40, startTime: "12345" }],
    ["sdn-program-started 41  ", { processId: 41 }],
    ["sdn-program-started", undefined],
    ["sdn-program-started x 1 1", undefined],
    ["something else", undefined],
  ])("%j", (text, expected) => expect(parseStartMarker(text)).toEqual(expected));

  test.each([
    [{ processId: 41, processGroup: 40, startTime: "12345" }, "41 40 12345\n"],
    [{ processId: 41 }, undefined],
    // kill -1 would end everything.
    [{ processId: 41, processGroup: 1, startTime: "12345" }, undefined],
    [{ processId: 41, processGroup: 0, startTime: "12345" }, undefined],
  ])("what the kill of %j is told", (program, expected) => expect(killInput(program)).toBe(expected));
});

describe("why a program did not begin", () => {
  test.each([
    ["sudo: a password is required", 1, /sudo refused.*ops ALL=\(root\) NOPASSWD: ALL/],
    ["sudo: sorry, you must have a tty to run sudo", 1, /sudo refused/],
    ["ops is not in the sudoers file.", 1, /sudo refused/],
    ["/bin/sh: 1: exec: sudo: not found", 127, /no sudo on the host/],
    ["sh: line 0: exec: sudo: not found", 127, /no sudo on the host/],
    ["This account is currently not available.", 1, /could not start \/bin\/sh.*not available/],
    ["", 255, /exit status 255 and no message/],
  ])("%j", (complaint, exitCode, message) => {
    const error = notStartedError(exitCode, complaint, { host: "192.0.2.1:22", user: "ops" });
    expect(error.code).toBe("missing-capability");
    expect(error.message).toMatch(message);
    expect(error.message).toContain("192.0.2.1:22");
  });

  test("a long complaint is cut", () => {
    const error = notStartedError(1, "x".repeat(100_000), { host: "h", user: "ops" });
    expect(error.message.length).toBeLessThan(800);
  });
});
