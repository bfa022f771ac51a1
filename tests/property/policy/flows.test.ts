/** A change ends exactly the open flows that the evaluator forbids, but for policies that keep them. */
import fc from "fast-check";
import { flowsToCut } from "../../../provider/src/compile/firewall/flows";
import type { FirewallPlan } from "../../../provider/src/compile/firewall/plan";
import type { Policy } from "../../../provider/src/policy/rule";
import type { World } from "../../../provider/src/policy/world";
import { seed } from "../../support/intent-arbitraries";
import { flowOf, judgeAt } from "../../support/policy/agreement";
import {
  type BridgedPacket,
  foundArbitrary,
  packetArbitrary,
  policiesArbitrary,
  worldArbitrary,
  worldOn,
} from "../../support/policy/arbitraries";
import {
  isNeverJudged,
  judgeOwn,
  ownAddresses,
  ownFlow,
  type OwnPacket,
  ownPacketArbitrary,
  sparedArbitrary,
} from "../../support/policy/own-host";
import { compile } from "../../support/policy/compiled";

test("flows to cut are those that the evaluator denies, by the same rule", () => {
  fc.assert(
    fc.property(
      worldArbitrary,
      fc.tuple(policiesArbitrary, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 })),
      fc.array(packetArbitrary, { minLength: 1, maxLength: 40, size: "max" }),
      foundArbitrary,
      (...[world, [generated, keeping], packets, seen]) => {
        const policies = generated.map((one, index): Policy => ({ ...one, onClose: keeping[index] ? "keep" : "cut" }));
        const { plan } = compile(policies, world, "h1");
        for (const one of packets) {
          const packet: BridgedPacket = { ...one, host: "h1", state: "new" };
          const judgements = (["egress", "ingress"] as const).map((direction) =>
            judgeAt(policies, world, packet, direction),
          );
          const denied = judgements.find((one) => one !== undefined && one.verdict !== "allow");
          const isKept = policies.some((one) => one.onClose === "keep" && denied?.by?.startsWith(`${one.name}/`));
          const expected = denied === undefined || isKept ? [] : [denied.by];
          const flow = flowOf(packet)!;
          const found = flowsToCut(plan, policies, [flow], packet.time);
          if (isStatic(plan)) expect(found.map(({ by }) => by)).toEqual(expected);
          // Of whom only the host knows, only what is forbidden whoever they are.
          else if (found.length > 0) expect(deniedHere(policies, worldOn(world, seen, "h1"), packet)).toBe(true);
          // What is cut stays so while it is forbidden, whoever forbids it now.
          const again = flowsToCut(plan, policies, [flow], packet.time, [{ ...flow }]);
          if (!isStatic(plan)) continue;
          expect(again.map(({ by }) => by)).toEqual(denied === undefined ? [] : [denied.by]);
        }
      },
    ),
    { numRuns: 300, seed },
  );
});

const isStatic = ({ dynamics }: FirewallPlan): boolean => dynamics.subjects.length + dynamics.peers.length === 0;

const deniedHere = (policies: readonly Policy[], world: World, packet: BridgedPacket): boolean =>
  (["egress", "ingress"] as const).some((direction) => {
    const judgement = judgeAt(policies, world, packet, direction);
    return judgement !== undefined && judgement.verdict !== "allow";
  });

const isOwnFlow = ({ hook, sentTo, side }: OwnPacket): boolean =>
  side !== "lo" && (hook !== "forward" || sentTo !== undefined);

test("flows of the host to cut are those that the evaluator denies, but for what is never judged", () => {
  fc.assert(
    fc.property(
      worldArbitrary,
      policiesArbitrary,
      fc.array(ownPacketArbitrary, { minLength: 1, maxLength: 40, size: "max" }),
      fc.tuple(sparedArbitrary, foundArbitrary),
      (...[world, policies, packets, [spared, seen]]) => {
        const { plan } = compile(policies, world, "h1", { ...spared, hostAddresses: ownAddresses });
        for (const one of packets.filter(isOwnFlow)) {
          const packet: OwnPacket = { ...one, host: "h1", state: "new" };
          const flow = ownFlow(packet)!;
          const shown: OwnPacket = { ...packet, destination: flow.destination, secondWord: flow.port ?? 0 };
          const denied = isNeverJudged(shown, spared) ? undefined : judgeOwn(policies, world, packet);
          const expected = denied === undefined || denied.verdict === "allow" ? [] : [denied.by];
          const found = flowsToCut(plan, policies, [flow], packet.time);
          if (isStatic(plan)) expect(found.map(({ by }) => by)).toEqual(expected);
          else if (found.length > 0) {
            expect(judgeOwn(policies, worldOn(world, seen, "h1"), packet)?.verdict).not.toBe("allow");
          }
        }
      },
    ),
    { numRuns: 300, seed },
  );
});
