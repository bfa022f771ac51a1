import type { SdnError } from "../../../provider/src/model/error";
import { HostSession } from "../../../provider/src/resources/host-session";
import { FakeTarget } from "../../../provider/src/targets/fake-target";
import { routerIntent } from "../../support/intents";
import { ModelHost } from "../../support/model-host";
import { applyFragment, removeFragment } from "../../support/requests";

const never = new AbortController().signal;

function bench(): { model: ModelHost; target: FakeTarget; session: HostSession; inputs: string[] } {
  const model = new ModelHost();
  const inputs: string[] = [];
  const target = new FakeTarget((program, stdin, context) => {
    inputs.push(stdin);
    return model.script(program, stdin, context);
  });
  return { model, target, session: new HostSession(target, ""), inputs };
}

/** A host whose program waits until it is let on, or is ended. */
function gated(): { target: FakeTarget; session: HostSession; open: () => void; ended: () => boolean } {
  const model = new ModelHost();
  let open = (): void => undefined;
  let ended = false;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const target = new FakeTarget(async (program, stdin, context) => {
    context.signal.addEventListener("abort", () => {
      ended = true;
      open();
    });
    await gate;
    return model.script(program, stdin, context);
  });
  return { target, session: new HostSession(target, ""), open: () => open(), ended: () => ended };
}

const router = (vni: number) => routerIntent({ vni, label: `n${vni}` });
const fragmentsIn = (input = ""): readonly string[] =>
  [...input.matchAll(/^begin (\S+)/gm)].map(([, key]) => key ?? "");

describe("gathering", () => {
  test("20 changes and 5 reads that come together are one execution", async () => {
    const { target, session, model } = bench();
    const changes = Array.from({ length: 20 }, (_, index) =>
      session.apply(applyFragment(router(5000 + index)), [], never),
    );
    const reads = Array.from({ length: 5 }, () => session.read([["query_sysctl", "-", "net.ipv4.ip_forward"]], never));
    const applied = await Promise.all(changes);
    const snapshots = await Promise.all(reads);
    expect(target.executions).toBe(1);
    expect(applied.map(({ result }) => result)).toEqual(Array(20).fill({ ok: true, generation: 1 }));
    expect(model.ledgerKeys).toHaveLength(20);
    // Everyone sees the host as it is after all of it, and a question that two ask is asked once.
    for (const snapshot of snapshots) expect(snapshot.ledger.size).toBe(20);
    expect(snapshots[0]?.facts?.hostname).toBe("h1");
  });

  test("a question that several ask is asked once", async () => {
    const { session, inputs } = bench();
    await Promise.all([1, 2, 3].map(() => session.read([["query_sysctl", "-", "net.ipv4.ip_forward"]], never)));
    expect(inputs).toHaveLength(1);
    expect(inputs[0]?.match(/query_sysctl/g)).toHaveLength(1);
  });

  test("a read alone takes no lock and asks for facts; a change does not ask for facts", async () => {
    const { session, inputs } = bench();
    await session.read([], never);
    await session.apply(applyFragment(router(5000)), [], never);
    expect(inputs.map((input) => [/^lock$/m.test(input), /^facts$/m.test(input)])).toEqual([
      [false, true],
      [true, false],
    ]);
  });

  test("what arrives while an execution is under way goes together in the next", async () => {
    const { target, session, inputs } = bench();
    target.latency(100);
    const first = session.apply(applyFragment(router(5000)), [], never);
    await until(() => target.executions === 1);
    const others = [5001, 5002].map((vni) => session.apply(applyFragment(router(vni)), [], never));
    await Promise.all([first, ...others]);
    expect(inputs.map(fragmentsIn)).toEqual([["router-5000"], ["router-5001", "router-5002"]]);
  });

  test("changes of one resource go in executions of their own, in order", async () => {
    const { session, inputs, model } = bench();
    const one = router(5000);
    const two = { ...one, mtu: 1400 };
    const results = await Promise.all([
      session.apply(applyFragment(one), [], never),
      session.apply(applyFragment(router(5001)), [], never),
      session.apply(applyFragment(two, one), [], never),
      session.apply(removeFragment(two), [], never),
    ]);
    expect(inputs.map(fragmentsIn)).toEqual([["router-5000", "router-5001"], ["router-5000"], ["router-5000"]]);
    expect(results.map(({ result }) => result)).toMatchObject([
      { generation: 1 },
      { generation: 1 },
      { generation: 2 },
      { generation: 0 },
    ]);
    expect(model.ledgerKeys).toEqual(["router-5001"]);
  });

  test("each hears of its own result, failure and warnings only", async () => {
    const { session, model } = bench();
    const there = router(5001);
    model.setLedger("router-5000", { generation: 3, hash: "0", mark: "sdn:other/dev:router-5000", intent: "{}" });
    await session.apply(applyFragment({ ...there, egress: { ipv4: undefined, ipv6: undefined } }), [], never);
    model.setLink("sdn-u-5001", { alias: "somebody" });
    const [refused, removed] = await Promise.all([
      session.apply(applyFragment(router(5000)), [], never),
      session.apply(removeFragment({ ...there, egress: { ipv4: undefined, ipv6: undefined } }), [], never),
    ]);
    expect(refused).toMatchObject({ result: { ok: false, code: "conflict" }, warnings: [] });
    expect(removed).toMatchObject({
      result: { ok: true },
      warnings: ["interface sdn-u-5001 is not ours any more and stays"],
    });
  });
});

describe("recent", () => {
  test("takes a snapshot that is fresh, the one that a change left, and a new one when it is old", async () => {
    const model = new ModelHost();
    const target = new FakeTarget(model.script);
    let time = 0;
    const session = new HostSession(target, "", undefined, () => time);
    await session.recent([], never);
    time = 15_000;
    await session.recent([], never);
    expect(target.executions).toBe(1);
    time = 15_001;
    await session.recent([], never);
    expect(target.executions).toBe(2);
    await session.apply(applyFragment(router(5000)), [], never);
    const { ledger, facts } = await session.recent([], never);
    expect([target.executions, ledger.size, facts?.hostname]).toEqual([3, 1, "h1"]);
  });

  test("is answered by the execution that is under way", async () => {
    const { session, target, open } = gated();
    const first = session.recent([], never);
    await until(() => target.executions === 1);
    const others = [session.recent([], never), session.recent([], never)];
    open();
    const [snapshot, ...joined] = await Promise.all([first, ...others]);
    expect(joined).toEqual([snapshot, snapshot]);
    expect(target.executions).toBe(1);
  });

  test("who joined goes away alone; when all have gone away the execution ends", async () => {
    const { session, target, ended } = gated();
    const [one, other] = [new AbortController(), new AbortController()];
    const first = expect(session.read([], one.signal)).rejects.toMatchObject({ code: "cancelled" });
    await until(() => target.executions === 1);
    const joined = expect(session.recent([], other.signal)).rejects.toMatchObject({ code: "cancelled" });
    one.abort();
    await first;
    expect(ended()).toBe(false);
    other.abort();
    await joined;
    await until(ended);
  });

  test("a question of its own is always asked", async () => {
    const { session, target } = bench();
    await session.recent([], never);
    await session.recent([["query_container", "web-1"]], never);
    expect(target.executions).toBe(2);
  });
});

describe("cancelling", () => {
  test("one of two that goes away does not take the execution from the other", async () => {
    const model = new ModelHost();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const target = new FakeTarget(async (...call) => {
      await gate;
      return model.script(...call);
    });
    const session = new HostSession(target, "");
    const abort = new AbortController();
    const gone = session.apply(applyFragment(router(5000)), [], abort.signal);
    const staying = session.apply(applyFragment(router(5001)), [], never);
    const outcome = expect(gone).rejects.toMatchObject({ code: "cancelled" });
    await until(() => target.executions === 1);
    abort.abort();
    await outcome;
    open();
    expect((await staying).result).toEqual({ ok: true, generation: 1 });
    expect(model.ledgerKeys).toContain("router-5001");
  });

  test("when all have gone away the execution ends", async () => {
    const model = new ModelHost();
    let ended = false;
    const target = new FakeTarget(
      (_program, _stdin, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            ended = true;
            reject(signal.reason as Error);
          });
        }),
    );
    const session = new HostSession(target, "");
    const aborts = [new AbortController(), new AbortController()];
    const jobs = aborts.map(({ signal }, index) => session.apply(applyFragment(router(5000 + index)), [], signal));
    const outcomes = jobs.map((job) => expect(job).rejects.toMatchObject({ code: "cancelled" }));
    await until(() => target.executions === 1);
    aborts[0]?.abort();
    await outcomes[0];
    expect(ended).toBe(false);
    aborts[1]?.abort();
    await Promise.all(outcomes);
    await until(() => ended);
    expect(model.ledgerKeys).toEqual([]);
  });

  test("who goes away before the execution begins is not in it, and the others are", async () => {
    const { session, inputs } = bench();
    const abort = new AbortController();
    const gone = session.apply(applyFragment(router(5000)), [], abort.signal);
    const staying = session.apply(applyFragment(router(5001)), [], never);
    const outcome = expect(gone).rejects.toMatchObject({ code: "cancelled" });
    abort.abort();
    await Promise.all([outcome, staying]);
    expect(inputs.map(fragmentsIn)).toEqual([["router-5001"]]);
  });

  test("who is gone already starts nothing", async () => {
    const { session, target } = bench();
    await expect(session.read([], AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
    await session.read([], never);
    expect(target.executions).toBe(1);
  });
});

describe("failures", () => {
  test("a lost reply is an error, and the same change again succeeds with the same generation", async () => {
    const { session, target, model } = bench();
    target.failBeforeReply(1);
    const fragment = applyFragment(router(5000));
    await expect(session.apply(fragment, [], never)).rejects.toMatchObject({ code: "unreachable" });
    expect(model.ledgerKeys).toEqual(["router-5000"]);
    expect((await session.apply(fragment, [], never)).result).toEqual({ ok: true, generation: 1 });
  });

  test("a lost reply to an update heals too, though the generation moved on", async () => {
    const { session, target } = bench();
    const [one, two] = [router(5000), { ...router(5000), mtu: 1400 }];
    await session.apply(applyFragment(one), [], never);
    target.failBeforeReply(2);
    await expect(session.apply(applyFragment(two, one, 1), [], never)).rejects.toMatchObject({ code: "unreachable" });
    expect((await session.apply(applyFragment(two, one, 1), [], never)).result).toEqual({ ok: true, generation: 2 });
  });

  test("an error of the execution reaches everyone who waits for it, and the next one runs", async () => {
    const { session, target } = bench();
    target.failBefore(1);
    const jobs = [
      session.apply(applyFragment(router(5000)), [], never),
      session.apply(applyFragment(router(5001)), [], never),
      session.read([], never),
    ];
    const outcomes = await Promise.allSettled(jobs);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "unreachable" } });
    }
    expect((await session.apply(applyFragment(router(5000)), [], never)).result.ok).toBe(true);
  });

  test.each<[string, string, Partial<SdnError>]>([
    [
      "a report without its end",
      "result router-5000 ok 1\n",
      { code: "unreachable", message: "the host's report was cut off." },
    ],
    ["a fatal line", `fatal ${btoa("no")}\ncomplete\n`, { code: "remote-failure", message: "no." }],
    ["a report that says nothing of the change", "complete\n", { code: "internal" }],
    ["a report that is no report", "section addresses - e30\nsection addresses - !\ncomplete\n", { code: "internal" }],
  ])("%s is an error", async (_name, stdout, error) => {
    const session = new HostSession(new FakeTarget(() => ({ exitCode: 0, stdout, stderr: "" })), "");
    await expect(session.apply(applyFragment(router(5000)), [], never)).rejects.toMatchObject(error);
  });

  test("a program that ends with an error is told with its last words", async () => {
    const target = new FakeTarget(() => ({ exitCode: 2, stdout: "", stderr: "sh: out of memory\n" }));
    const session = new HostSession(target, "");
    await expect(session.read([], never)).rejects.toThrow("the host's program failed: sh: out of memory.");
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
