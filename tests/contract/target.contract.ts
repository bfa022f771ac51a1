/** What every kind of target must do; one table, run against the fake and the real ones. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunOptions, RunResult, Target } from "../../provider/src/targets/target";
import { processesNaming } from "./support/processes";
import { waitFor } from "./support/wait";
import { textContaining } from "./support/matchers";

export interface ContractSubject {
  /** A new target each time; the contract closes it. */
  readonly open: () => Target | Promise<Target>;
}

interface Bench {
  readonly target: Target;
  /** A folder that the test and the program both see. */
  readonly folder: string;
  readonly run: (program: string, stdin?: string, options?: Partial<RunOptions>) => Promise<RunResult>;
}

interface Case {
  readonly name: string;
  readonly check: (bench: Bench) => Promise<void>;
}

const FIVE_MEGABYTES = 5 * 1024 * 1024;

const results: readonly Case[] = [
  {
    name: "gives exit status, standard output and standard error apart",
    check: async ({ run }) => {
      const result = await run("echo out; echo err >&2; exit 7");
      expect(result).toEqual({ exitCode: 7, stdout: "out\n", stderr: "err\n" });
    },
  },
  {
    name: "resolves with status 0 and empty streams for a program that says nothing",
    check: async ({ run }) => expect(await run(":")).toEqual({ exitCode: 0, stdout: "", stderr: "" }),
  },
  {
    name: "reports the end by signal n as status 128 + n",
    check: async ({ run }) => {
      expect((await run("kill -TERM $$")).exitCode).toBe(143);
      expect((await run("kill -KILL $$")).exitCode).toBe(137);
    },
  },
  {
    name: "runs the program as root with the folders of ip and nft on its path and C messages",
    check: async ({ run }) => {
      const { stdout } = await run('id -u; echo ":$PATH:"; echo "$LC_ALL"');
      const [user, path, locale] = stdout.split("\n");
      expect(user).toBe("0");
      expect(path).toContain(":/usr/sbin:");
      expect(locale).toBe("C");
    },
  },
  {
    name: "hands over quotes, line breaks, dollars, backslashes and non-ASCII of the program unchanged",
    check: async ({ run }) => {
      const awkward = "' \" $HOME $(id) `id` \\ \\\\ \\n \\0101 %s ! !! # ~ é € \t*?[a] {a,b} ;&|<>";
      const { stdout } = await run(`cat <<'END OF TEXT'\n${awkward}\n\n  second\nEND OF TEXT\n`);
      expect(stdout).toBe(`${awkward}\n\n  second\n`);
    },
  },
];

const streams: readonly Case[] = [
  {
    name: "delivers 5 MB of standard input whole",
    check: async ({ run }) => {
      const line = "0123456789abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ\n";
      const input = line.repeat(Math.ceil(FIVE_MEGABYTES / line.length));
      expect((await run("wc -c | tr -d ' '", input)).stdout).toBe(`${input.length}\n`);
    },
  },
  {
    name: "brings back 5 MB of standard output whole",
    check: async ({ run }) => {
      const input = Array.from({ length: 700_000 }, (_, index) => `${index}\n`).join("");
      const { stdout } = await run("cat", input);
      expect(stdout.length).toBe(input.length);
      expect(stdout === input).toBe(true);
    },
  },
  {
    name: "puts up with a program that ends without reading its 5 MB of input",
    check: async ({ run }) => {
      expect((await run("exit 3", "x".repeat(FIVE_MEGABYTES))).exitCode).toBe(3);
    },
  },
  {
    name: "takes bytes that are not UTF-8 for U+FFFD and keeps what is around them",
    check: async ({ run }) => expect((await run("printf 'a\\377b\\n'")).stdout).toBe("a\u{fffd}b\n"),
  },
  {
    name: "keeps characters whole that arrive in pieces",
    check: async ({ run, folder }) => {
      const gate = join(folder, "gate");
      const lines: string[] = [];
      const program = `echo begin; printf 'caf\\303'; ${waitInShell(gate)}; printf '\\251\\n'`;
      const onLine = (line: string) => {
        lines.push(line);
        // The first half of the é has been written by now or is about to be.
        if (line === "begin") writeFileSync(gate, "");
      };
      expect((await run(program, "", { onLine })).stdout).toBe("begin\ncafé\n");
      expect(lines).toEqual(["begin", "café"]);
    },
  },
  {
    name: "calls onLine for each complete line in order, and not for an unfinished last one",
    check: async ({ run }) => {
      const lines: string[] = [];
      const onLine = (line: string) => void lines.push(line);
      const { stdout } = await run("printf 'one\\n\\nthree\\nrest'", "", { onLine });
      expect(lines).toEqual(["one", "", "three"]);
      expect(stdout).toBe("one\n\nthree\nrest");
    },
  },
  {
    name: "calls onLine while the program still runs",
    check: async ({ run, folder }) => {
      const gate = join(folder, "gate");
      const onLine = (line: string) => {
        if (line === "open the gate") writeFileSync(gate, "");
      };
      const { stdout } = await run(`echo open the gate; ${waitInShell(gate)}; echo done`, "", { onLine });
      expect(stdout).toBe("open the gate\ndone\n");
    },
  },
  {
    name: "rejects with what onLine throws, and ends the program",
    check: async ({ run, folder }) => {
      const fault = new Error("the reader gave up");
      const onLine = () => {
        throw fault;
      };
      const pidFile = join(folder, "pid");
      const running = run(`${announce(pidFile)}; echo line; sleep 300`, "", { onLine });
      await expect(running).rejects.toMatchObject({ code: "internal", cause: fault });
      await expectGone(folder);
    },
  },
];

const stopping: readonly Case[] = [
  {
    name: "an abort ends the program and what it started, and rejects with code cancelled",
    check: async ({ run, folder }) => {
      const abort = new AbortController();
      const pidFile = join(folder, "pid");
      const running = run(`${announce(pidFile)}; sleep 300 & sleep 300; wait`, "", { signal: abort.signal });
      const rejected = expect(running).rejects.toMatchObject({ code: "cancelled" });
      await waitFor("the program to begin", () => existsSync(pidFile));
      expect(processesNaming(folder).length).toBeGreaterThan(0);
      abort.abort();
      await rejected;
      await expectGone(folder);
    },
  },
  {
    name: "an abort that came before the call starts nothing",
    check: async ({ run, folder, target }) => {
      const running = run(`touch ${folder}/started`, "", { signal: AbortSignal.abort() });
      await expect(running).rejects.toMatchObject({ code: "cancelled" });
      await run(":");
      expect(target.executions).toBe(1);
      expect(existsSync(join(folder, "started"))).toBe(false);
    },
  },
  {
    name: "a program that ignores TERM, HUP and PIPE is ended too",
    check: async ({ run, folder }) => {
      const abort = new AbortController();
      const pidFile = join(folder, "pid");
      const program = `trap '' TERM HUP PIPE INT; ${announce(pidFile)}; while :; do sleep 1; done`;
      const running = run(program, "", { signal: abort.signal });
      const rejected = expect(running).rejects.toMatchObject({ code: "cancelled" });
      await waitFor("the program to begin", () => existsSync(pidFile));
      abort.abort();
      await rejected;
      await expectGone(folder);
    },
  },
  {
    name: "a time-out ends the program and rejects with code timeout, naming the time",
    check: async ({ run, folder }) => {
      await run(":");
      const running = run(`${announce(join(folder, "pid"))}; sleep 300`, "", { timeoutMs: 1500 });
      await expect(running).rejects.toMatchObject({ code: "timeout", message: textContaining("1.5 s") });
      expect(existsSync(join(folder, "pid"))).toBe(true);
      await expectGone(folder);
    },
  },
  {
    name: "another execution goes on when one is aborted",
    check: async ({ run, folder }) => {
      const abort = new AbortController();
      const gate = join(folder, "gate");
      const other = run(`${announce(join(folder, "other"))}; ${waitInShell(gate)}; echo still here`);
      const running = run(`${announce(join(folder, "pid"))}; sleep 300`, "", { signal: abort.signal });
      const rejected = expect(running).rejects.toMatchObject({ code: "cancelled" });
      await waitFor("both to begin", () => existsSync(join(folder, "pid")) && existsSync(join(folder, "other")));
      abort.abort();
      await rejected;
      writeFileSync(gate, "");
      expect((await other).stdout).toBe("still here\n");
    },
  },
  {
    name: "close cancels what still runs, ends it, and the target takes no more",
    check: async ({ run, folder, target }) => {
      const pidFile = join(folder, "pid");
      const running = run(`${announce(pidFile)}; sleep 300`);
      const rejected = expect(running).rejects.toMatchObject({ code: "cancelled" });
      await waitFor("the program to begin", () => existsSync(pidFile));
      await target.close();
      await rejected;
      await expectGone(folder);
      await expect(run(":")).rejects.toMatchObject({ code: "internal", message: textContaining("closed") });
    },
  },
];

const concurrency: readonly Case[] = [
  {
    name: "twelve executions at once each get their own input and answer",
    check: async ({ run, target }) => {
      const numbers = Array.from({ length: 12 }, (_, index) => index);
      const answers = await Promise.all(numbers.map((number) => run("read n; echo $((n * n))", `${number}\n`)));
      expect(answers.map(({ stdout }) => stdout)).toEqual(numbers.map((number) => `${number * number}\n`));
      expect(target.executions).toBe(12);
    },
  },
  {
    name: "executions run at the same time, not one after the other",
    check: async ({ run, folder }) => {
      const meet = (mine: string, theirs: string) => run(`: >${folder}/${mine}; ${waitInShell(join(folder, theirs))}`);
      const both = await Promise.all([meet("a", "b"), meet("b", "a")]);
      expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    },
  },
  {
    name: "counts executions, failed programs included",
    check: async ({ run, target }) => {
      expect(target.executions).toBe(0);
      await run(":");
      await run("exit 1");
      expect(target.executions).toBe(2);
    },
  },
  {
    name: "shows nothing of the input in any process's arguments or environment",
    check: async ({ run, folder }) => {
      const gate = join(folder, "gate");
      const secret = "correct-horse-battery-staple";
      const program = `read first; ${announce(join(folder, "pid"))}; ${waitInShell(gate)}; echo "\${#first}"`;
      const running = run(program, `${secret}\n`);
      await waitFor("the program to have read its input", () => existsSync(join(folder, "pid")));
      // That the program's own text is found shows that the search looks in the right place.
      expect(processesNaming(folder).length).toBeGreaterThan(0);
      expect(processesNaming(secret)).toEqual([]);
      writeFileSync(gate, "");
      expect((await running).stdout).toBe(`${secret.length}\n`);
    },
  },
];

const groups = { results, streams, stopping, concurrency };

export function describeTargetContract(kind: string, subject: ContractSubject): void {
  describe.each(Object.entries(groups))(`the contract of a target, ${kind}: %s`, (_, cases) => {
    test.each(cases.map((entry) => [entry.name, entry] as const))("%s", async (_name, entry) => {
      const folder = mkdtempSync(join(tmpdir(), "sdn-contract-"));
      const target = await subject.open();
      const run: Bench["run"] = (program, stdin = "", options = {}) =>
        target.run(program, stdin, { signal: new AbortController().signal, timeoutMs: 30_000, ...options });
      try {
        await entry.check({ target, folder, run });
      } finally {
        await target.close();
        rmSync(folder, { recursive: true });
      }
    });
  });
}

/** Shell text that waits for a file. */
function waitInShell(path: string): string {
  return `while [ ! -e ${path} ]; do sleep 0.05; done`;
}

/** Shell text that tells the test that the program came this far, and marks what it starts from now on. */
function announce(path: string): string {
  return `: >${path}; MARK=${path}; export MARK`;
}

async function expectGone(folder: string): Promise<void> {
  await waitFor("the program to be gone", () => processesNaming(folder).length === 0, 2000);
}
