/** One change of many hosts: what is said to each of them in which order, and what is left where one of them refuses. */
import { brokenError, lostError } from "../../../../provider/src/targets/ssh-errors";
import { encodeText } from "../../../../provider/src/render/words";
import { atOnce } from "../../../support/at-once";
import { Engine } from "../../../support/engine";
import type { GuardedArgs, Instead, Phase } from "../../../support/guarded";
import { entriesOn, firewallOf, guarded, GuardedFleet } from "../../../support/guarded";
import type { ModelHost } from "../../../support/model-host";

beforeAll(() => jest.useFakeTimers());
afterAll(() => jest.useRealTimers());

interface Bench {
  readonly fleet: GuardedFleet;
  readonly engine: Engine;
  readonly up: (args: GuardedArgs) => Promise<readonly string[]>;
}

function bench(hosts = 3): Bench {
  const fleet = new GuardedFleet(hosts);
  const engine = new Engine(fleet.world.handlers);
  const up = async (args: GuardedArgs): Promise<readonly string[]> =>
    (await atOnce(engine.up(guarded(fleet.world, args)))).done;
  return { fleet, engine, up };
}

const members = ["web1", "web2", "web3"];
const calm = { members, policies: { guard: 443 } };
const five = { a: 1, b: 2, c: 3, d: 4, e: 5 };

const whole: readonly Phase[] = ["look", "check", "change", "prove", "disarm"];
const closing: readonly Phase[] = ["look", "check", "stage", "prove", "change", "prove", "disarm"];
const alone: readonly Phase[] = ["look", "change", "disarm"];
const noted: readonly Phase[] = ["look", "write"];

test.each<[string, number, GuardedArgs, GuardedArgs, readonly Phase[]]>([
  ["nothing new", 3, calm, calm, []],
  ["the first labels of all", 3, {}, { members: ["web1"] }, whole],
  ["labels that no policy asks for", 3, { members: ["web1"] }, { members }, noted],
  ["labels that no policy asks for, on one host", 1, { members: ["web1"] }, { members }, noted],
  ["labels that a policy asks for", 3, calm, { ...calm, members: [...members, "web4"] }, closing],
  ["a first policy", 3, { members }, calm, whole],
  ["a first policy on one host", 1, { members }, calm, alone],
  ["a rule of one direction", 3, calm, { members, policies: { guard: 8443 } }, whole],
  ["rules of both directions", 3, calm, { members, policies: { guard: 8443 }, egress: "deny" }, closing],
  ["rules of both directions on one host", 1, calm, { members, policies: { guard: 8443 }, egress: "deny" }, alone],
  ["five policies at once", 3, { members }, { members, policies: five }, whole],
  ["five policies and labels at once", 3, { members }, { members: [...members, "web4"], policies: five }, whole],
  ["a policy that goes", 3, calm, { members }, whole],
  ["the last entry that goes", 3, { policies: { guard: 443 } }, {}, ["look", "change", "prove", "disarm"]],
])("%s, %i hosts: so many executions on each", async (_name, hosts, before, after, phases) => {
  const { fleet, up } = bench(hosts);
  await up(before);
  fleet.takePhases();
  await up(after);
  expect(fleet.takePhases()).toEqual(fleet.models.map(() => phases));
});

test("a namespace that is attached: the host that has it, and no other, is told of it", async () => {
  const { fleet, up } = bench();
  fleet.models[0]?.addNamespace("box");
  await up(calm);
  fleet.takePhases();
  await up({ ...calm, box: "box" });
  const [first, ...others] = fleet.takePhases();
  expect(first).toEqual([...closing, "other", "look", "write"]);
  expect(others).toEqual([closing, closing]);
  expect(fleet.models.map((model) => model.contents.firewall.held)).toEqual([[], [], []]);
});

const refused: Instead = (play) =>
  play().replace(/^(firewall-checked \S+) ok$/m, `$1 refused ${encodeText("Error: Could not process rule")}`);
const lost: Instead = () => {
  throw brokenError("fake:", new Error("injected"));
};
const full =
  (fleet: GuardedFleet, index: number): Instead =>
  (play) => {
    const model = fleet.models[index];
    if (model === undefined) throw new Error("no such host");
    model.diskFull = true;
    try {
      return play();
    } finally {
      model.diskFull = false;
    }
  };

const wanted: GuardedArgs = { members: [...members, "web4"], policies: { guard: 8443, more: 1 }, egress: "deny" };

test.each<[string, Phase, (fleet: GuardedFleet) => Instead, string]>([
  [
    "refuses the rules",
    "check",
    () => refused,
    "host h2, firewall: nft does not take the rules: Error: Could not process rule. Nothing was changed on any host.",
  ],
  [
    "cannot be reached any more when it is asked",
    "check",
    () => lost,
    "host h2 (fake:), firewall: the connection broke before the program was started (injected)",
  ],
  [
    "cannot take the second table",
    "stage",
    (fleet) => full(fleet, 1),
    "host h2, firewall: /var/lib/sdn/firewall.armed cannot be written (disk full?). The old rules are in force.",
  ],
  [
    "cannot take the change",
    "change",
    (fleet) => full(fleet, 1),
    "cannot be written (disk full?). The old rules are in force.",
  ],
  [
    "cannot be reached anew",
    "prove",
    () => lost,
    "host h2 (fake:), firewall: the host could not be reached anew after the change: the connection broke before the program was started (injected). It goes back to its old rules within 60 s; look for the rule that keeps this machine out.",
  ],
])("one host %s: all hosts have what they had, and the next run makes it", async (_name, phase, instead, message) => {
  const { fleet, up } = bench();
  await up(calm);
  const before = fleet.models.map(firewallOf);
  fleet.takePhases();
  fleet.meddle("h2", phase, instead(fleet));
  await expect(up(wanted)).rejects.toThrow(message);
  expect(fleet.models.map(firewallOf)).toEqual(before);
  const done = fleet.takePhases();
  const changed = (["stage", "change"] as const).some((one) => done[0]?.includes(one));
  expect(changed).toBe(phase !== "check");
  fleet.leaveAlone();
  await up(wanted);
  expect(fleet.models.map(entriesOn)).toEqual(
    fleet.models.map(() => ["5001/web1", "5001/web2", "5001/web3", "5001/web4", "guard", "more"]),
  );
});

test("a host that does not answer after its change goes back by its timer, and the others at once", async () => {
  const { fleet, up } = bench();
  await up(calm);
  const before = fleet.models.map(firewallOf);
  fleet.meddle("h2", "prove", lost);
  fleet.meddle("h2", "roll back", lost);
  await expect(up(wanted)).rejects.toThrow("host h2 (fake:), firewall: the host could not be reached anew");
  expect(firewallOf(fleet.models[1] as never)).not.toEqual(before[1]);
  fleet.models[1]?.passTime(61);
  expect(fleet.models.map(firewallOf)).toEqual(before);
});

describe("once a host keeps the change, it stands", () => {
  const after = ["5001/web1", "5001/web2", "5001/web3", "5001/web4", "guard", "more"];
  const pendingOf = (engine: Engine): readonly unknown[] =>
    [...engine.state.values()].flatMap(({ type, outputs }) =>
      type.startsWith("sdn:firewall:") ? (outputs["pending"] as readonly unknown[]) : [],
    );

  test.each<[string, (model: ModelHost) => Instead, string]>([
    [
      "went back before it was reached",
      (model) => (play) => {
        model.passTime(61);
        return play();
      },
      "host h3, firewall: the host was not reached anew within 60 s and went back to its old rules. Run again.",
    ],
    ["is cut off then", () => lost, "host h3 (fake:), firewall: the host could not be reached anew after the change"],
    [
      "is cut off before it says that it keeps it",
      () => (play) => {
        play();
        throw lostError("fake:");
      },
      "host h3 (fake:), firewall: the host could not be reached anew after the change",
    ],
  ])("one that %s is pending, and the next run goes on there", async (_name, instead, message) => {
    const { fleet, engine, up } = bench();
    await up(calm);
    const [, , third] = fleet.models;
    if (third === undefined) throw new Error("there are three hosts");
    fleet.meddle("h3", "disarm", instead(third));
    await expect(up(wanted)).rejects.toThrow(message);
    await engine.settled();
    expect(fleet.models.slice(0, 2).map(entriesOn)).toEqual([after, after]);
    expect(fleet.models.map((model) => model.contents.firewall.armed)).toEqual([undefined, undefined, undefined]);
    expect(new Set(pendingOf(engine))).toEqual(new Set(["h3"]));
    fleet.leaveAlone();
    await up(wanted);
    expect(fleet.models.map(entriesOn)).toEqual([after, after, after]);
    expect(pendingOf(engine)).toEqual([]);
    expect(await up(wanted)).toEqual([]);
  });

  test("one that does not take what changes no rule is pending too", async () => {
    const { fleet, engine, up } = bench();
    await up({ members });
    fleet.meddle("h2", "write", full(fleet, 1));
    await expect(up({ members: [...members, "web4"] })).rejects.toThrow("host h2, firewall: ");
    await engine.settled();
    expect(pendingOf(engine)).toEqual(["h2"]);
    fleet.leaveAlone();
    await up({ members: [...members, "web4"] });
    expect(new Set(fleet.models.map((model) => entriesOn(model).length))).toEqual(new Set([4]));
    expect(pendingOf(engine)).toEqual([]);
  });
});

describe("a change of another run that waits for its proof", () => {
  const cutOff = async (): Promise<Bench> => {
    const made = bench();
    await made.up(calm);
    made.fleet.meddle("h2", "prove", lost);
    made.fleet.meddle("h2", "roll back", lost);
    await expect(made.up({ ...calm, policies: { guard: 1 } })).rejects.toThrow("could not be reached anew");
    made.fleet.leaveAlone();
    return made;
  };
  const later = { ...calm, policies: { guard: 2 } };

  test("is not built upon: nothing is changed on any host, and it is said until when", async () => {
    const { fleet, up } = await cutOff();
    const before = fleet.models.map(firewallOf);
    await expect(up(later)).rejects.toThrow(
      "host h2, firewall: the change of another run waits for its proof until 00:01:00 UTC. Run again then: it is kept or taken back by that time.",
    );
    expect(fleet.models.map(firewallOf)).toEqual(before);
  });

  test("is taken back first where it is overdue and the host's timer did not run", async () => {
    const { fleet, up } = await cutOff();
    fleet.models[1]?.change(({ firewall }) => {
      firewall.clock += 61;
    });
    await up(later);
    expect(new Set(fleet.models.map((model) => JSON.stringify(entriesOn(model)))).size).toBe(1);
    expect(fleet.models.map((model) => model.contents.firewall.armed)).toEqual([undefined, undefined, undefined]);
  });
});
