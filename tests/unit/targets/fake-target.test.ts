import { FakeTarget } from "../../../provider/src/targets/fake-target";

/** A machine that remembers what was done to it. */
function machine() {
  const effects: string[] = [];
  const target = new FakeTarget((_program, stdin) => {
    effects.push(stdin);
    return { exitCode: 0, stdout: `did ${stdin}\n`, stderr: "" };
  });
  const run = (stdin: string, signal = new AbortController().signal, timeoutMs = 5000) =>
    target.run("program", stdin, { signal, timeoutMs });
  return { effects, target, run };
}

describe("an injected fault", () => {
  const cases = [
    ["failBefore", 2, ["a", "c"]],
    ["failAfterStart", 3, ["a", "c"]],
    ["failBeforeReply", 3, ["a", "b", "c"]],
  ] as const;
  test.each(cases)("%s strikes the second call only", async (fault, executions, expected) => {
    const { effects, target, run } = machine();
    target[fault](2);
    expect((await run("a")).stdout).toBe("did a\n");
    await expect(run("b")).rejects.toMatchObject({ code: "unreachable" });
    expect((await run("c")).stdout).toBe("did c\n");
    expect(effects).toEqual(expected);
    expect(target.executions).toBe(executions);
  });

  test("before and after the effect look the same to the caller, as they do on a network", async () => {
    const { target, run } = machine();
    target.failAfterStart(1).failBeforeReply(2);
    const texts = await Promise.all(["a", "b"].map((stdin) => run(stdin).catch(String)));
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).toContain("not known");
  });
});

describe("latency", () => {
  test("is part of the time-out", async () => {
    const { effects, target, run } = machine();
    target.latency(60_000);
    await expect(run("a", new AbortController().signal, 20)).rejects.toMatchObject({ code: "timeout" });
    expect(effects).toEqual([]);
    expect(target.executions).toBe(0);
  });

  test("is ended by an abort", async () => {
    const { target, run } = machine();
    target.latency(60_000);
    const abort = new AbortController();
    const running = run("a", abort.signal);
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
  });
});

test("lines that the script did not deliver itself come from its answer", async () => {
  const target = new FakeTarget((_program, _stdin, { onLine }) => {
    onLine("one");
    return { exitCode: 0, stdout: "one\ntwo\nrest", stderr: "" };
  });
  const lines: string[] = [];
  const onLine = (line: string) => void lines.push(line);
  await target.run("", "", { signal: new AbortController().signal, timeoutMs: 5000, onLine });
  expect(lines).toEqual(["one", "two"]);
});
