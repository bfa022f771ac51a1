/** Every kind of step, deleted and changed in every way: it is said in words, and running again repairs it. */
import { isDeepStrictEqual } from "node:util";
import type { Intent } from "../../../provider/src/compile/intent";
import { resourceKey } from "../../../provider/src/compile/names";
import { driftOf, stepsOf } from "../../../provider/src/compile/plan";
import type { Step, StepKind } from "../../../provider/src/compile/step";
import { identityOf } from "../../../provider/src/compile/steps";
import type { FragmentResult } from "../../../provider/src/render/report";
import { parseReport } from "../../../provider/src/render/report";
import { damages, replacements } from "../../support/damage";
import type { Damage } from "../../support/damage";
import {
  addressing,
  adoptedIntent,
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
  expect(kinds.filter((kind) => damages[kind].length === 0)).toEqual(["adopted-docker-network"]);
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
