/** A change ends exactly the open flows that the evaluator forbids, but for policies that keep them. */
import fc from "fast-check";
import { flowsToCut } from "../../../provider/src/compile/firewall/flows";
import type { Policy } from "../../../provider/src/policy/rule";
import { seed } from "../../support/intent-arbitraries";
import { flowOf, judgeAt } from "../../support/policy/agreement";
import {
  type BridgedPacket,
  packetArbitrary,
  policiesArbitrary,
  worldArbitrary,
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
      (world, [generated, keeping], packets) => {
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
          expect(found.map(({ by }) => by)).toEqual(expected);
          // What is cut stays so while it is forbidden, whoever forbids it now.
          const again = flowsToCut(plan, policies, [flow], packet.time, [{ ...flow }]);
          expect(again.map(({ by }) => by)).toEqual(denied === undefined ? [] : [denied.by]);
        }
      },
    ),
    { numRuns: 300, seed },
  );
});

const isOwnFlow = ({ hook, sentTo, side }: OwnPacket): boolean =>
  side !== "lo" && (hook !== "forward" || sentTo !== undefined);

test("flows of the host to cut are those that the evaluator denies, but for what is never judged", () => {
  fc.assert(
    fc.property(
      worldArbitrary,
      policiesArbitrary,
      fc.array(ownPacketArbitrary, { minLength: 1, maxLength: 40, size: "max" }),
      sparedArbitrary,
      (...[world, policies, packets, spared]) => {
        const { plan } = compile(policies, world, "h1", { ...spared, hostAddresses: ownAddresses });
        for (const one of packets.filter(isOwnFlow)) {
          const packet: OwnPacket = { ...one, host: "h1", state: "new" };
          const flow = ownFlow(packet)!;
          const shown: OwnPacket = { ...packet, destination: flow.destination, secondWord: flow.port ?? 0 };
          const denied = isNeverJudged(shown, spared) ? undefined : judgeOwn(policies, world, packet);
          const expected = denied === undefined || denied.verdict === "allow" ? [] : [denied.by];
          expect(flowsToCut(plan, policies, [flow], packet.time).map(({ by }) => by)).toEqual(expected);
        }
      },
    ),
    { numRuns: 300, seed },
  );
});
