import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { openSshTarget } from "../../provider/src/targets/ssh-target";
import { connectionTo, runOn } from "./support/connection";
import { processesNaming } from "./support/processes";
import { freePort, SshServer } from "./support/sshd";
import { waitFor } from "./support/wait";
import { describeTargetContract } from "./target.contract";
import { textContaining, textMatching } from "./support/matchers";

let server: SshServer;
beforeAll(async () => {
  server = await SshServer.start();
});
afterAll(() => server.dispose());

describeTargetContract("ssh as root", { open: () => openSshTarget(connectionTo(server)) });

describe("the connection", () => {
  test("is made at the first execution and shared by thirty concurrent ones, beyond sshd's ten sessions", async () => {
    const target = openSshTarget(connectionTo(server));
    const before = server.logins;
    expect(target.uri).toBe(`ssh://root@127.0.0.1:${server.port}`);
    const numbers = Array.from({ length: 30 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => runOn(target, "sleep 0.1; cat", `${number}`)));
    expect(answers.map(({ stdout }) => stdout)).toEqual(numbers.map(String));
    expect(server.logins - before).toBe(1);
    await target.close();
  });

  test("has room to end a program while more are wanted than sshd takes at a time", async () => {
    const target = openSshTarget(connectionTo(server));
    const mark = (index: number) => join(server.folder, `held-${index}-`);
    const gate = join(server.folder, "gate");
    const abort = new AbortController();
    const held = Array.from({ length: 14 }, (_, index) => {
      const program = `MARK=${mark(index)}; export MARK; : >$MARK; while [ ! -e ${gate} ]; do sleep 0.05; done`;
      return runOn(target, program, "", index === 0 ? abort.signal : undefined).catch((error: unknown) => error);
    });
    const numbers = held.map((_, index) => index);
    await waitFor("eight programs to run", () => numbers.filter((index) => existsSync(mark(index))).length >= 8);
    abort.abort();
    expect(await held[0]).toMatchObject({ code: "cancelled" });
    await waitFor("the program to be gone", () => processesNaming(mark(0)).length === 0, 2000);
    writeFileSync(gate, "");
    const others = await Promise.all(held.slice(1));
    expect(others).toEqual(others.map(() => ({ exitCode: 0, stdout: "", stderr: "" })));
    await target.close();
  });

  test("tells the program its own session's addresses", async () => {
    const target = openSshTarget(connectionTo(server));
    const { stdout } = await runOn(target, 'echo "$SDN_SSH_CONNECTION"');
    expect(stdout).toMatch(new RegExp(`^127\\.0\\.0\\.1 \\d+ 127\\.0\\.0\\.1 ${server.port}\\n$`));
    await target.close();
  });

  test("that was lost while a program ran is unreachable with unknown outcome, and is made anew after", async () => {
    const target = openSshTarget(connectionTo(server));
    const started = join(server.folder, "started");
    const lost = expect(runOn(target, `: >${started}; sleep 300`)).rejects.toMatchObject({
      code: "unreachable",
      message: textMatching(/127\.0\.0\.1:\d+.*not known/),
    });
    await waitFor("the program to begin", () => existsSync(started));
    await server.stop();
    await lost;
    await expect(runOn(target, ":")).rejects.toMatchObject({ code: "unreachable" });
    await server.restart();
    expect((await runOn(target, "echo back")).stdout).toBe("back\n");
    await target.close();
  });

  test("that broke while idle is made anew without an error", async () => {
    const target = openSshTarget(connectionTo(server));
    await runOn(target, ":");
    const before = server.logins;
    await server.restart();
    expect((await runOn(target, "echo back")).stdout).toBe("back\n");
    expect(server.logins - before).toBe(1);
    await target.close();
  });

  test("refused is unreachable, names address and port, and says what to look at", async () => {
    const port = await freePort();
    const target = openSshTarget(connectionTo(server, { port }));
    await expect(runOn(target, ":")).rejects.toMatchObject({
      code: "unreachable",
      message: textMatching(new RegExp(`127\\.0\\.0\\.1:${port}.*refused.*firewall`)),
    });
    expect(target.executions).toBe(0);
    await target.close();
  });

  test("to a name that does not resolve is unreachable", async () => {
    const target = openSshTarget(connectionTo(server, { address: "no-such-host.invalid" }));
    await expect(runOn(target, ":")).rejects.toMatchObject({
      code: "unreachable",
      message: textContaining("no-such-host.invalid"),
    });
    await target.close();
  });
});

describe("a server that takes fewer sessions than sshd's default", () => {
  test("gets fewer at a time, and all executions succeed", async () => {
    const narrow = await SshServer.start({ config: ["MaxSessions 2"] });
    const target = openSshTarget(connectionTo(narrow));
    try {
      const numbers = Array.from({ length: 10 }, (_, index) => index);
      const answers = await Promise.all(numbers.map((number) => runOn(target, "sleep 0.05; cat", `${number}`)));
      expect(answers.map(({ stdout }) => stdout)).toEqual(numbers.map(String));
      expect(narrow.logins).toBe(1);
      expect(target.executions).toBe(10);
    } finally {
      await target.close();
      await narrow.dispose();
    }
  });

  test("with none at all is told so", async () => {
    const none = await SshServer.start({ config: ["MaxSessions 0"] });
    const target = openSshTarget(connectionTo(none));
    try {
      await expect(runOn(target, ":")).rejects.toMatchObject({
        code: "missing-capability",
        message: textContaining("MaxSessions"),
      });
    } finally {
      await target.close();
      await none.dispose();
    }
  });
});

describe("a server that says nothing", () => {
  test("is given up after connectTimeout", async () => {
    const silent = createServer((socket) => socket.on("error", () => undefined).resume());
    const port = await freePort();
    await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
    const target = openSshTarget(connectionTo(server, { port, connectTimeout: 1 }));
    await expect(runOn(target, ":")).rejects.toMatchObject({
      code: "unreachable",
      message: textMatching(/no answer within 1 s/),
    });
    await target.close();
    await new Promise((resolve) => silent.close(resolve));
  });
});
