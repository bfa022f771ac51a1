/** Every kind of step, deleted and changed in every way: it is said in words, and running again repairs it. */
import { isDeepStrictEqual } from "node:util";
import { foreignOf, foreignSentences, foreignWords } from "../../../provider/src/compile/foreign";
import type { Intent } from "../../../provider/src/compile/intent";
import { resourceKey } from "../../../provider/src/compile/names";
import { driftOf, stepsOf } from "../../../provider/src/compile/plan";
import type { Step, StepKind } from "../../../provider/src/compile/step";
import { identityOf } from "../../../provider/src/compile/steps";
import type { FragmentResult } from "../../../provider/src/render/report";
import { parseReport } from "../../../provider/src/render/report";
import { damages, intrusions, replacements } from "../../support/damage";
import type { Damage } from "../../support/damage";
import {
  addressing,
  adoptedIntent,
  balancedService,
  dualStackService,
  egress4,
  egressDual,
  nat,
  peeringIntent,
  portAddress6,
  portIntent,
  routerIntent,
  segmentIntent,
} from "../../support/intents";
import type { ModelHost } from "../../support/model-host";
import { applyFragment, requestOf } from "../../support/requests";
import { surroundedHost } from "../../support/surroundings";

const examples: Readonly<Record<string, Intent>> = {
  "a router with a way out": routerIntent({ ipv6Cidr: "fd00:20::/48", egress: egressDual }),
  "a router that translates": routerIntent({ egress: egress4, nat }),
  "a segment with a Docker network": segmentIntent({ ...addressing, dockerNetwork: "shop-data" }),
  "a container's port": portIntent("docker"),
  "the port of a container without networks": portIntent("container", { ipv6: portAddress6 }),
  "a namespace's port": portIntent("namespace", { ipv6: portAddress6 }),
  "an interface": portIntent("interface"),
  "a peering": peeringIntent(),
  "an adopted segment": adoptedIntent(),
  "a service": dualStackService(),
  "a service that HAProxy balances": balancedService(),
};

function apply(host: ModelHost, intent: Intent, from?: Intent): FragmentResult | undefined {
  const request = requestOf("", [applyFragment(intent, from)]);
  return parseReport(host.run(request)).results.get(resourceKey(intent));
}
const drift = (host: ModelHost, intent: Intent): readonly string[] =>
  driftOf(intent, parseReport(host.run(requestOf("", [], [intent]))).snapshot);

function withIntent(intent: Intent): ModelHost {
  const host = surroundedHost(intent);
  expect(apply(host, intent)).toMatchObject({ ok: true });
  return host;
}

/** The table pairs each kind with its own damages, which the type system cannot follow through a look-up. */
const damagesOf = (step: Step): readonly Damage<StepKind>[] => damages[step.kind] as readonly Damage<StepKind>[];

interface Case {
  readonly title: string;
  readonly intent: Intent;
  readonly step: Step;
  readonly damage: Damage<StepKind>;
}
const cases: readonly Case[] = Object.entries(examples).flatMap(([name, intent]) =>
  stepsOf(intent).flatMap((step) =>
    damagesOf(step).map((damage) => ({ title: `${name}: ${identityOf(step)}: ${damage.name}`, intent, step, damage })),
  ),
);

test("every kind of step is in an example, and something can be done to it", () => {
  const present = new Set(Object.values(examples).flatMap((intent) => stepsOf(intent).map(({ kind }) => kind)));
  const kinds = Object.keys(damages) as readonly StepKind[];
  expect(kinds.filter((kind) => !present.has(kind))).toEqual(["table-route", "rule"]);
  expect(kinds.filter((kind) => damages[kind].length === 0)).toEqual(["service-path", "adopted-docker-network"]);
});

test.each(cases)("$title", ({ intent, step, damage }) => {
  const host = withIntent(intent);
  const before = host.contents;
  host.change((state) => {
    damage.strike(state, step);
  });
  // Some damages do not fit every step of their kind: a link without a bridge cannot leave it.
  if (isDeepStrictEqual(host.contents, before)) return;
  const said = drift(host, intent);
  expect(said.join("\n")).toContain(damage.says(step));
  expect(apply(host, intent, intent)).toMatchObject({ ok: true, generation: 1 });
  expect(drift(host, intent)).toEqual([]);
  if (damage.name !== "deleted") expect(host.contents).toEqual(before);
});

/** As a resource finds and mends it: what is foreign is looked for when it is read, and when it is changed. */
describe("what somebody put into our tables", () => {
  const speaker = routerIntent({ egress: egress4, nat });
  const router = "sdn-r-5000";
  const guarded = portIntent("docker");
  const snapshotOf = (host: ModelHost) => parseReport(host.run(requestOf("", []))).snapshot;
  const saidBy = (host: ModelHost, intent: Intent): readonly string[] =>
    foreignSentences(foreignOf(intent, snapshotOf(host)));
  function repair(host: ModelHost, intent: Intent): FragmentResult | undefined {
    const fragment = applyFragment(intent, intent);
    const words = [...fragment.words, ...foreignWords(foreignOf(intent, snapshotOf(host)))];
    return parseReport(host.run(requestOf("", [{ ...fragment, words }]))).results.get(resourceKey(intent));
  }
  function busyHost(...more: readonly Intent[]): ModelHost {
    const host = withIntent(speaker);
    host.setDockerNetwork("shop-web", ["10.20.1.0/24"]);
    for (const intent of [segmentIntent(addressing), ...more]) expect(apply(host, intent)).toMatchObject({ ok: true });
    return host;
  }

  const places = intrusions.flatMap((one) =>
    (one.onlyHost === true ? [undefined] : [undefined, router]).map((where) => ({
      ...one,
      where,
      title: `${one.name}, in ${where ?? "the host"}`,
    })),
  );
  test.each(places)(
    "$title: said once, and gone after a repair that touches nothing else",
    ({ strike, says, where }) => {
      const host = busyHost(portIntent("namespace", { ipv6: portAddress6 }));
      const before = host.contents;
      host.change((state) => {
        strike(state, where);
      });
      expect(saidBy(host, speaker)).toEqual([says(where)]);
      expect(saidBy(host, segmentIntent(addressing))).toEqual([]);
      expect(repair(host, speaker)).toMatchObject({ ok: true, generation: 1 });
      expect(host.contents).toEqual(before);
    },
  );

  test("nothing of what our own resources made is foreign, whoever's they are", () => {
    const other = { ...routerIntent({ vni: 6000, egress: egress4 }), owner: "other/prod" };
    const host = busyHost(guarded, other);
    expect(saidBy(host, speaker)).toEqual([]);
    expect(saidBy(host, other)).toEqual([]);
  });

  test("each stack says it once: by its first router, or where it has none by its first segment", () => {
    const other = { ...segmentIntent({ vni: 6001, routerVni: 5000 }), owner: "other/prod" };
    const host = busyHost(other);
    host.change((state) => state.namespaces.get("-")?.tables.get("inet sdn")?.chains.set("sneaky", []));
    for (const intent of [speaker, other])
      expect(saidBy(host, intent)).toEqual(["nftables chain inet sdn sneaky is not ours"]);
    expect(repair(host, other)).toMatchObject({ ok: true });
    expect(saidBy(host, speaker)).toEqual([]);
  });

  test.each(["damaged", "old"] as const)(
    "nothing is said where a record is %s: it may account for anything",
    (state) => {
      const host = busyHost();
      host.change(({ namespaces }) => namespaces.get("-")?.tables.get("inet sdn")?.sets.get("bridges")?.add("eth0"));
      host.spoilRecord("segment-5001", state);
      expect(saidBy(host, speaker)).toEqual([]);
    },
  );

  test("nothing is said where a record is missing, of which the marks of its interfaces tell", () => {
    const host = busyHost();
    host.change(({ namespaces, ledger }) => {
      ledger.delete("segment-5001");
      namespaces.get("-")?.tables.get("inet sdn")?.sets.get("bridges")?.add("eth0");
    });
    expect(saidBy(host, speaker)).toEqual([]);
  });

  test("elements about ports that an engine names are left alone while containers are guarded", () => {
    const host = busyHost(guarded);
    host.change(({ namespaces }) =>
      namespaces.get("-")?.tables.get("bridge sdn")?.sets.get("guarded")?.add("veth12ab"),
    );
    expect(saidBy(host, speaker)).toEqual([]);
  });

  test("what a record accounts for by the time of the repair stays", () => {
    const host = busyHost();
    const late = segmentIntent({ vni: 5099 });
    host.change(({ namespaces }) =>
      namespaces.get("-")?.tables.get("inet sdn")?.sets.get("bridges")?.add("sdn-b-5099"),
    );
    const words = foreignWords(foreignOf(speaker, snapshotOf(host)));
    expect(words).toEqual([["remove_foreign", "-", "inet", "element", "bridges", "sdn-b-5099"]]);
    expect(apply(host, late)).toMatchObject({ ok: true });
    const before = host.contents;
    const fragment = applyFragment(speaker, speaker);
    host.run(requestOf("", [{ ...fragment, words: [...fragment.words, ...words] }]));
    expect(host.contents).toEqual(before);
  });
});

interface Replacement {
  readonly strike: (state: ModelHost["contents"], step: Step, mark: string) => void;
  readonly called: (step: Step) => string;
}
const replaced = Object.entries(examples).flatMap(([name, intent]) =>
  stepsOf(intent).flatMap((step) => {
    const replacement = replacements[step.kind] as Replacement | undefined;
    return replacement === undefined ? [] : [{ title: `${name}: ${identityOf(step)}`, intent, step, replacement }];
  }),
);

describe("somebody else's of the same name", () => {
  test.each(replaced)(
    "$title: refused with the owner's name, and nothing of it is touched",
    ({ intent, step, replacement }) => {
      for (const [mark, owner] of [
        ["sdn:other/prod:x-1", "it carries the mark sdn:other/prod:x-1"],
        ["", "it carries no mark"],
      ] as const) {
        const host = withIntent(intent);
        const healthy = host.contents;
        host.change((state) => {
          replacement.strike(state, step, mark);
        });
        const before = host.contents;
        expect(drift(host, intent).join("\n")).toContain(`is not ours: ${owner}`);
        const result = apply(host, intent, intent);
        expect(result).toMatchObject({ ok: false, code: "conflict" });
        expect(result).toMatchObject({ message: expect.stringContaining(owner) as string });
        expect(result).toMatchObject({ message: expect.stringContaining(replacement.called(step)) as string });
        expect(host.contents).toEqual(before);
        host.become(healthy);
        expect(apply(host, intent, intent)).toMatchObject({ ok: true });
      }
    },
  );
});
