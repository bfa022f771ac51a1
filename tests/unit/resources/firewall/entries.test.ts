/** Policies and labels as resources: what becomes of them where hosts, operators and stacks disagree. */
import { brokenError } from "../../../../provider/src/targets/ssh-errors";
import { atOnce } from "../../../support/at-once";
import { Engine } from "../../../support/engine";
import type { Stored } from "../../../support/engine";
import type { GuardedArgs, Instead } from "../../../support/guarded";
import { entriesOn, firewallOf, guarded, GuardedFleet } from "../../../support/guarded";
import { FakeCall } from "../../../support/world";

beforeAll(() => jest.useFakeTimers());
afterAll(() => jest.useRealTimers());

const members = ["web1", "web2"];
const calm: GuardedArgs = { members, policies: { guard: 443 } };
const all = ["5001/web1", "5001/web2", "guard"];

interface Bench {
  readonly fleet: GuardedFleet;
  readonly engine: Engine;
  readonly up: (args: GuardedArgs) => Promise<readonly string[]>;
}

async function bench(args: GuardedArgs = calm): Promise<Bench> {
  const fleet = new GuardedFleet(3);
  const engine = new Engine(fleet.world.handlers);
  const up = async (next: GuardedArgs): Promise<readonly string[]> =>
    (await atOnce(engine.up(guarded(fleet.world, next)))).done;
  await up(args);
  return { fleet, engine, up };
}

const entriesIn = (engine: Engine): readonly Stored[] =>
  [...engine.state.values()].filter(({ type }) => type.startsWith("sdn:firewall:"));
const storedAs = (engine: Engine, name: string): Stored => {
  const found = entriesIn(engine).find(({ urn }) => urn.endsWith(`::${name}`));
  if (found === undefined) throw new Error(`no ${name} in the state`);
  return found;
};
const down: Instead = () => {
  throw brokenError("fake:", new Error("injected"));
};
const onlyEntries = (done: readonly string[]): readonly string[] => done.filter((one) => /Policy|Member/.test(one));

test("every host of the fabric has them, with one generation", async () => {
  const { fleet, engine } = await bench();
  expect(fleet.models.map(entriesOn)).toEqual([all, all, all]);
  expect(entriesIn(engine).map(({ outputs }) => [outputs["generation"], outputs["drift"], outputs["pending"]])).toEqual(
    entriesIn(engine).map(() => [1, [], []]),
  );
});

describe("a host that does not answer", () => {
  const emergency = { ...calm, policies: { guard: 443, block: 1 } };

  test("does not keep a policy from the others; it is pending, and gets it with the next run", async () => {
    const { fleet, engine, up } = await bench();
    fleet.meddle("h2", "any", down);
    await expect(up(emergency)).rejects.toThrow(
      "host h2 (fake:), firewall: the connection broke before the program was started (injected)",
    );
    expect(fleet.models.map((model) => entriesOn(model).includes("block"))).toEqual([true, false, true]);
    expect(storedAs(engine, "block")).toMatchObject({ outputs: { pending: ["h2"], generation: 1 }, unfinished: true });
    fleet.leaveAlone();
    expect(onlyEntries(await up(emergency))).toEqual(["update Policy block: pending"]);
    expect(fleet.models.map((model) => entriesOn(model).includes("block"))).toEqual([true, true, true]);
    expect(storedAs(engine, "block").outputs).toMatchObject({ pending: [], generation: 1 });
    expect(await up(emergency)).toEqual([]);
  });

  test("does not keep a change from the others", async () => {
    const { fleet, engine, up } = await bench();
    fleet.meddle("h2", "any", down);
    const changed = { members, policies: { guard: 8443 } };
    await expect(up(changed)).rejects.toThrow("host h2");
    expect(storedAs(engine, "guard")).toMatchObject({ outputs: { pending: ["h2"], generation: 2 } });
    fleet.leaveAlone();
    await up(changed);
    expect(new Set(fleet.models.map((model) => JSON.stringify(firewallOf(model)).includes("guard")))).toEqual(
      new Set([true]),
    );
    expect(storedAs(engine, "guard").outputs).toMatchObject({ pending: [], generation: 2 });
    expect((await atOnce(engine.refresh())).warnings).toEqual([]);
  });

  test("keeps a removal from being over, with what to do where it is gone for good", async () => {
    const { fleet, engine, up } = await bench();
    fleet.meddle("h2", "any", down);
    await expect(up({ members })).rejects.toThrow(
      /^host h2 \(fake:\), policy guard: the connection broke .*; if it is gone for good, keep its Host in the program with retired: true for one run\.$/,
    );
    expect(storedAs(engine, "guard").outputs).toMatchObject({ generation: 1 });
    fleet.leaveAlone();
    await up({ members });
    expect(fleet.models.map(entriesOn)).toEqual(
      [members, members, members].map((names) => names.map((n) => `5001/${n}`)),
    );
  });

  test("is a warning in a preview", async () => {
    const { fleet, engine } = await bench();
    fleet.meddle("h2", "any", down);
    const { call } = await atOnce(engine.preview(guarded(fleet.world, emergency)));
    expect(call.warnings).toEqual([
      expect.stringMatching(/^host h2 .* It was not checked whether this change fits the host\.$/),
    ]);
  });
});

describe("two operators with the same state", () => {
  const another = (fleet: GuardedFleet, engine: Engine): Engine =>
    new Engine(fleet.world.anotherProvider(), "shop", "dev", new Map(engine.state));
  const opening = (port: number): GuardedArgs => ({ members, policies: { guard: port } });

  test("the second is refused before any host is changed, and told what to do", async () => {
    const { fleet, engine, up } = await bench();
    const second = another(fleet, engine);
    await up(opening(1));
    const before = fleet.models.map(firewallOf);
    await expect(atOnce(second.up(guarded(fleet.world, opening(2))))).rejects.toThrow(
      /^host h1, policy guard: it has generation 2 on the host, this state was written for 1\. Run `pulumi refresh`, look at what the other run changed, and run again\.$/,
    );
    expect(fleet.models.map(firewallOf)).toEqual(before);
  });

  test("what is refused keeps nothing else of the run from the hosts", async () => {
    const two = (guard: number, other: number): GuardedArgs => ({ members, policies: { guard, other } });
    const { fleet, engine, up } = await bench(two(443, 444));
    const second = another(fleet, engine);
    await up(two(1, 444));
    await expect(atOnce(second.up(guarded(fleet.world, two(2, 2222))))).rejects.toThrow(
      /^host h1, policy guard: it has generation 2 on the host, this state was written for 1\./,
    );
    expect([storedAs(second, "guard").outputs, storedAs(second, "other").outputs]).toMatchObject([
      { generation: 1 },
      { generation: 2, pending: [] },
    ]);
    const records = fleet.models.map((model) => atob(model.contents.ledger.get("firewall")?.intent ?? ""));
    expect(records.map((text) => [text.includes('"2222"'), text.includes('"ports":"2"')])).toEqual(
      fleet.models.map(() => [true, false]),
    );
  });

  test("after a refresh, which tells what the other did, the second one's wish is done", async () => {
    const { fleet, engine, up } = await bench();
    const second = another(fleet, engine);
    await up(opening(1));
    const { warnings } = await atOnce(second.refresh());
    expect(warnings).toContain(
      "host h1: another run changed it on the host: it has generation 2 there. `pulumi up` repairs it.",
    );
    await atOnce(second.up(guarded(fleet.world, opening(2))));
    expect(storedAs(second, "guard").outputs).toMatchObject({ generation: 3, drift: [] });
  });

  test("what both want alike is no conflict, and a removal of what the other changed is one", async () => {
    const { fleet, engine, up } = await bench();
    const [second, third] = [another(fleet, engine), another(fleet, engine)];
    await up(opening(1));
    await atOnce(second.up(guarded(fleet.world, opening(1))));
    await expect(atOnce(third.up(guarded(fleet.world, { members })))).rejects.toThrow(
      "policy guard: it has generation 2 on the host, this state was written for 1",
    );
  });

  test("what the other changes between look and change is not overwritten: all hosts go back", async () => {
    const { fleet, up } = await bench();
    const before = fleet.models.slice(1).map(firewallOf);
    fleet.meddle("h1", "check", (play) => {
      fleet.models[0]?.change(({ ledger }) => {
        const record = ledger.get("firewall");
        if (record !== undefined)
          ledger.set("firewall", { ...record, generation: record.generation + 1, hash: "other" });
      });
      return play();
    });
    await expect(up(opening(1))).rejects.toThrow(
      /^host h1, firewall: firewall has generation 2 on the host, this state was written for 1\. Another run changed it at the same time: run again\.$/,
    );
    expect(fleet.models[0]?.contents.ledger.get("firewall")).toMatchObject({ generation: 2, hash: "other" });
    expect(fleet.models.slice(1).map(firewallOf)).toEqual(before);
    fleet.leaveAlone();
    await up(opening(1));
    expect(fleet.models.map(entriesOn)).toEqual([all, all, all]);
  });
});

test("a policy of another stack with the same name is refused, and stays as it was", async () => {
  const { fleet } = await bench();
  const other = new Engine(fleet.world.anotherProvider(), "shop", "prod");
  const program = guarded(fleet.world, { policies: { guard: 1 } });
  await expect(
    atOnce(
      other.up((run) => {
        const add = run.add.bind(run);
        // Another network, which would get another VNI.
        run.add = (type, name, inputs) =>
          add(type, name, type === "sdn:index:Subnet" ? { ...inputs, vni: 6001 } : inputs);
        return program(run);
      }),
    ),
  ).rejects.toThrow(
    "host h1, policy guard: the host has one of this name already, which belongs to shop/dev. Choose another name.",
  );
  expect(fleet.models.map(entriesOn)).toEqual([all, all, all]);
});

test("a host that joins the fabric gets all entries, and one that leaves has none of them", async () => {
  const { fleet, up } = await bench({ ...calm, hosts: 2 });
  expect(fleet.models.map(entriesOn)).toEqual([all, all, []]);
  const done = await up(calm);
  expect(onlyEntries(done).toSorted()).toEqual([
    "update Member web1: hosts[2]",
    "update Member web2: hosts[2]",
    "update Policy guard: hosts[2]",
  ]);
  expect(fleet.models.map(entriesOn)).toEqual([all, all, all]);
  await up({ ...calm, hosts: 2 });
  expect(fleet.models.map(entriesOn)).toEqual([all, all, []]);
  expect(fleet.models[2]?.ledgerKeys).toEqual([]);
  expect(fleet.models[2]?.contents.firewall.tables.size).toBe(0);
});

test("after the last one of all, nothing of the firewall is left on any host", async () => {
  const { fleet, engine } = await bench();
  await atOnce(engine.destroy());
  for (const { ledger, firewall, savedSysctls } of fleet.models.map((model) => model.contents)) {
    expect([...ledger.keys(), ...firewall.tables.keys(), ...savedSysctls.keys()]).toEqual([]);
    expect([firewall.armed, firewall.picture, firewall.held]).toEqual([undefined, undefined, []]);
  }
});

describe("an import by id", () => {
  test.each(["guard", "web1"])(
    "of %s gives the inputs that the program gives, and the same generation",
    async (name) => {
      const { fleet, engine, up } = await bench();
      const { urn, type, id, inputs, outputs } = storedAs(engine, name);
      const handler = fleet.world.anotherProvider().resources.get(type)?.();
      const read = await atOnce(
        (handler as NonNullable<typeof handler>).read(new FakeCall(), { urn, id, inputs: undefined, state: undefined }),
      );
      expect(read).toEqual({ id, inputs, outputs });
      engine.state.set(urn, { urn, type, ...(read as NonNullable<typeof read>) });
      expect(await up(calm)).toEqual([]);
    },
  );

  test.each([
    ["sdn:firewall:Policy", "guard", "HOST,HOST,…#policy-web"],
    ["sdn:firewall:Policy", "ssh://root@192.0.2.11:22#member-5001/web1", "HOST,HOST,…#policy-web"],
    ["sdn:firewall:Member", "somewhere#member-5001/web1", "HOST,HOST,…#member-4098/web1"],
  ])("%s: %s is no id, and the message has an example", async (type, id, example) => {
    const { fleet } = await bench({});
    const read = fleet.world
      .resource(type)
      .read(new FakeCall(), { urn: "urn", id, inputs: undefined, state: undefined });
    await expect(read).rejects.toThrow(`is not an id of this resource (got ${JSON.stringify(id)}). Write ${example}`);
  });

  test("of what no host has gives nothing, and of another stack's an error", async () => {
    const { fleet, engine } = await bench();
    const { urn, type, id } = storedAs(engine, "guard");
    const ask = (asked: string, as: string) =>
      atOnce(
        fleet.world.resource(type).read(new FakeCall(), { urn: as, id: asked, inputs: undefined, state: undefined }),
      );
    expect(await ask(id.replace("policy-guard", "policy-none"), urn)).toBeUndefined();
    await expect(ask(id, urn.replace("pulumi:dev", "pulumi:prod"))).rejects.toThrow(
      "belongs to shop/dev, not to shop/prod",
    );
  });
});

describe("a refresh", () => {
  /** The second host, put back from a copy of what it was with these. */
  const older =
    (args: GuardedArgs) =>
    async (fleet: GuardedFleet): Promise<void> => {
      const { fleet: young } = await bench(args);
      const copy = young.models[1]?.contents;
      if (copy !== undefined) fleet.models[1]?.become(copy);
    };

  test.each<[string, (fleet: GuardedFleet) => void | Promise<void>, readonly string[]]>([
    ["a host without a policy", older({ members }), ["host h2: the host's firewall does not have it."]],
    [
      "a host without labels",
      older({ ...calm, members: ["web1"] }),
      ["host h2: the host's firewall does not have it."],
    ],
    [
      "a table that is gone",
      (fleet) => {
        fleet.models[1]?.change(({ firewall }) => {
          firewall.tables.clear();
        });
      },
      ["host h2: the firewall's table inet sdn_fw is gone: nothing is filtered."],
    ],
    [
      "a table that somebody changed",
      (fleet) => {
        fleet.models[1]?.change(({ firewall }) => {
          const at = { family: "inet", table: "sdn_fw", name: "guarded" };
          const commands = [...(firewall.tables.get("sdn_fw") ?? []), { flush: { set: at } }];
          firewall.tables.set("sdn_fw", commands);
        });
      },
      ["host h2: the firewall's table inet sdn_fw was changed by somebody else."],
    ],
    [
      "bridged packets that pass it by",
      (fleet) => fleet.models[1]?.setSysctl("net.bridge.bridge-nf-call-iptables", "0"),
      [
        "host h2: sysctl net.bridge.bridge-nf-call-iptables is 0 and should be 1: packets between endpoints of one host pass the firewall by.",
      ],
    ],
    [
      "a record that is damaged",
      (fleet) => fleet.models[1]?.spoilRecord("firewall", "damaged"),
      [
        "host h2: the host's record of its firewall is damaged (wrong checksum): a restart will not restore it.",
        "host h2: the host's record of its firewall is damaged (wrong checksum): a restart will not restore it.",
        "host h2: the host's record of its firewall is damaged (wrong checksum): a restart will not restore it.",
      ],
    ],
    [
      "a host that has nothing of it any more",
      (fleet) => {
        fleet.models[1]?.change(({ firewall, ledger }) => {
          firewall.tables.clear();
          ledger.delete("firewall");
        });
      },
      [
        "host h2: the host's firewall does not have it.",
        "host h2: the host's firewall does not have it.",
        "host h2: the host's firewall does not have it.",
      ],
    ],
  ])("finds %s, and the next up repairs it and nothing else", async (_name, damage, sentences) => {
    const { fleet, engine, up } = await bench();
    const before = fleet.models.map(firewallOf);
    await damage(fleet);
    const { warnings } = await atOnce(engine.refresh());
    expect(warnings).toEqual(sentences.map((sentence) => `${sentence} \`pulumi up\` repairs it.`));
    fleet.takePhases();
    await up(calm);
    const [sums, wanted] = [fleet.models.map(firewallOf), before].map((one) => JSON.stringify(one, withoutGenerations));
    expect(sums).toBe(wanted);
    expect((await atOnce(engine.refresh())).warnings).toEqual([]);
    expect(await up(calm)).toEqual([]);
  });

  test("finds a host on which nobody follows names and containers, and the next up starts it", async () => {
    const named = { ...calm, mirror: "localhost" };
    const { fleet, engine, up } = await bench(named);
    const following = (): readonly boolean[] => fleet.models.map(({ contents }) => contents.firewall.following);
    expect(following()).toEqual([true, true, true]);
    fleet.models[1]?.change(({ firewall }) => {
      firewall.following = false;
    });
    const { warnings } = await atOnce(engine.refresh());
    expect(warnings).toEqual([
      "host h2: container labels and DNS names are not followed: sdn-follow is not running. `pulumi up` repairs it.",
    ]);
    await up(named);
    expect(following()).toEqual([true, true, true]);
    expect((await atOnce(engine.refresh())).warnings).toEqual([]);
    await up(calm);
    expect(following()).toEqual([false, false, false]);
  });

  test("finds what came while the firewall could not be told, at the endpoint itself, also without a policy", async () => {
    const { fleet, engine, up } = await bench({ members });
    fleet.models[0]?.addNamespace("box");
    await up({ members, box: "box" });
    const held = ["sdn-b-5001 10.20.1.9", "sdn-b-5002 -"];
    const port = [...engine.state.values()].find(({ type }) => type === "sdn:linux:Port");
    const spec = port?.inputs["spec"] as { readonly ipv4: { readonly address: string } };
    const own = `sdn-b-5001 ${spec.ipv4.address.replace("/24", "")}`;
    fleet.models[0]?.change(({ firewall }) => {
      firewall.held = [...held, own];
    });
    expect((await atOnce(engine.refresh())).warnings).toEqual([
      "host h1: the host's firewall was not told of it yet: nothing of it passes. `pulumi up` repairs it.",
    ]);
    expect(await up({ members, box: "box" })).toEqual(["update Port box: drift"]);
    expect(fleet.models[0]?.contents.firewall.held).toEqual([]);
    expect(await up({ members, box: "box" })).toEqual([]);
  });

  test("forgets what no host has any more", async () => {
    const { fleet, engine, up } = await bench();
    for (const model of fleet.models) {
      model.change(({ firewall, ledger }) => {
        firewall.tables.clear();
        ledger.delete("firewall");
      });
    }
    await atOnce(engine.refresh());
    expect(entriesIn(engine)).toEqual([]);
    await up(calm);
    expect(fleet.models.map(entriesOn)).toEqual([all, all, all]);
  });

  test("of a host that does not answer fails and forgets nothing", async () => {
    const { fleet, engine } = await bench();
    fleet.meddle("h2", "any", down);
    await expect(atOnce(engine.refresh())).rejects.toThrow("host h2");
    expect(entriesIn(engine)).toHaveLength(3);
  });
});

/** How often a record was written, and its hash, which has the moment in it. */
function withoutGenerations(key: string, value: unknown): unknown {
  return key === "record" ? (value as readonly unknown[]).slice(3) : value;
}
