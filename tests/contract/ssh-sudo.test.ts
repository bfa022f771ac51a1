import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSshTarget } from "../../provider/src/targets/ssh-target";
import { connectionTo, runOn } from "./support/connection";
import { SshServer } from "./support/sshd";
import { processesNaming } from "./support/processes";
import { waitFor } from "./support/wait";
import { describeTargetContract } from "./target.contract";
import { textMatching } from "./support/matchers";

let server: SshServer;
beforeAll(async () => {
  server = await SshServer.start({
    users: [
      { name: "able", uid: 42001, sudoers: "able ALL=(root) NOPASSWD: ALL" },
      { name: "asked", uid: 42002, sudoers: "asked ALL=(root) ALL" },
      { name: "unlisted", uid: 42003 },
      { name: "chatty", uid: 42004, sudoers: "chatty ALL=(root) NOPASSWD: ALL", shell: "/bin/bash" },
      { name: "nologin", uid: 42005, shell: "/usr/sbin/nologin" },
      { name: "without", uid: 42006 },
    ],
    // `without` finds id, but no sudo.
    config: ["Match User without", "SetEnv PATH=/tmp/none", "Match all"],
  });
  writeFileSync(join(server.home("chatty"), ".bashrc"), "echo welcome; echo take care >&2\n");
});
afterAll(() => server.dispose());

describeTargetContract("ssh as another user with sudo -n", {
  open: () => openSshTarget(connectionTo(server, { user: "able" })),
});

test("the session's addresses reach the program through sudo", async () => {
  const target = openSshTarget(connectionTo(server, { user: "able" }));
  const { stdout } = await runOn(target, 'echo "$(id -u) $SDN_SSH_CONNECTION"');
  expect(stdout).toMatch(new RegExp(`^0 127\\.0\\.0\\.1 \\d+ 127\\.0\\.0\\.1 ${server.port}\\n$`));
  await target.close();
});

test("a login shell's greeting is not taken for the program's output", async () => {
  const target = openSshTarget(connectionTo(server, { user: "chatty" }));
  const lines: string[] = [];
  const options = {
    signal: new AbortController().signal,
    timeoutMs: 20_000,
    onLine: (line: string) => void lines.push(line),
  };
  const result = await target.run("echo out; echo err >&2", "", options);
  expect(result).toEqual({ exitCode: 0, stdout: "out\n", stderr: "err\n" });
  expect(lines).toEqual(["out"]);
  await target.close();
});

test.each([
  ["asked", "sudo wants a password", /sudo refused .*password is required.*asked ALL=\(root\) NOPASSWD: ALL/],
  ["unlisted", "sudoers does not have the user", /sudo refused .*unlisted ALL=\(root\) NOPASSWD: ALL/],
  ["without", "there is no sudo", /no sudo on the host/],
  ["nologin", "the account has no shell", /could not start \/bin\/sh .*not available/],
])("user %s: where %s, that is said and nothing runs", async (user, _reason, message) => {
  const target = openSshTarget(connectionTo(server, { user }));
  const trace = join(server.folder, `trace-${user}`);
  await expect(runOn(target, `: >${trace}`)).rejects.toMatchObject({
    code: "missing-capability",
    message: textMatching(message),
  });
  expect(existsSync(trace)).toBe(false);
  await target.close();
});

test("a program that itself ends with sudo's words and status is a result, not a missing capability", async () => {
  const target = openSshTarget(connectionTo(server, { user: "able" }));
  const result = await runOn(target, "echo 'sudo: a password is required' >&2; exit 1");
  expect(result).toEqual({ exitCode: 1, stdout: "", stderr: "sudo: a password is required\n" });
  await target.close();
});

test("cancelling while the start is under way leaves no program behind", async () => {
  const target = openSshTarget(connectionTo(server, { user: "able" }));
  await runOn(target, ":");
  for (const wait of [0, 1, 3, 6, 10, 20]) {
    const abort = new AbortController();
    const mark = join(server.folder, `mark-${wait}`);
    const running = runOn(target, `MARK=${mark}; export MARK; sleep 300`, "", abort.signal);
    setTimeout(() => abort.abort(), wait);
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
    await waitFor("the program to be gone", () => processesNaming(mark).length === 0, 2000);
  }
  await target.close();
});
