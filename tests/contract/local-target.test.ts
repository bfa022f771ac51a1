import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { openLocalTarget } from "../../provider/src/targets/local-target";
import { KILL_PROGRAM, killInput } from "../../provider/src/targets/remote-program";
import { describeTargetContract } from "./target.contract";

describeTargetContract("this machine", { open: openLocalTarget });

test("hands the SSH session in which it was opened to the program", async () => {
  const before = process.env["SSH_CONNECTION"];
  process.env["SSH_CONNECTION"] = "192.0.2.1 50000 192.0.2.2 22";
  const target = openLocalTarget();
  try {
    const limits = { signal: new AbortController().signal, timeoutMs: 10_000 };
    expect((await target.run('echo "$SDN_SSH_CONNECTION"', "", limits)).stdout).toBe("192.0.2.1 50000 192.0.2.2 22\n");
  } finally {
    if (before === undefined) delete process.env["SSH_CONNECTION"];
    else process.env["SSH_CONNECTION"] = before;
    await target.close();
  }
});

test("keeps the provider's own environment, which can hold secrets, from the program", async () => {
  process.env["SDN_TEST_SECRET"] = "hush";
  const target = openLocalTarget();
  try {
    const { stdout } = await target.run("env", "", { signal: new AbortController().signal, timeoutMs: 10_000 });
    expect(stdout).toContain("LC_ALL=C");
    expect(stdout).not.toContain("hush");
  } finally {
    delete process.env["SDN_TEST_SECRET"];
    await target.close();
  }
});

test("errors name the machine", async () => {
  const target = openLocalTarget();
  const running = target.run(":", "", { signal: AbortSignal.abort(), timeoutMs: 10_000 });
  await expect(running).rejects.toThrow("host local: the operation was cancelled");
});

test("the kill spares a process that has the number of an ended one, and ends the right one", async () => {
  const child = spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  const target = openLocalTarget();
  const processId = child.pid ?? 0;
  const startTime = readFileSync(`/proc/${processId}/stat`, "utf8").split(" ")[21] ?? "";
  const kill = (time: string) =>
    target.run(KILL_PROGRAM, killInput({ processId, processGroup: processId, startTime: time }) ?? "", {
      signal: new AbortController().signal,
      timeoutMs: 10_000,
    });
  try {
    await kill(String(Number(startTime) - 1));
    // Its end would be seen here: a killed process keeps its number until we are told.
    expect(readFileSync(`/proc/${processId}/stat`, "utf8").split(" ")[2]).toBe("S");
    await kill(startTime);
    expect(await ended).toBe("SIGKILL");
  } finally {
    child.kill("SIGKILL");
    await target.close();
  }
});
