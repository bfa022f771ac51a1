/** A change ends exactly the open flows that the evaluator forbids, but for policies that keep them. */
import fc from "fast-check";
import { type Flow, flowsToCut } from "../../../provider/src/compile/firewall/flows";
import type { Policy } from "../../../provider/src/policy/rule";
import { hasPorts, icmpOf } from "../../../provider/src/policy/transport";
import { seed } from "../../support/intent-arbitraries";
import { judgeAt } from "../../support/policy/agreement";
import {
  type BridgedPacket,
  packetArbitrary,
  policiesArbitrary,
  worldArbitrary,
} from "../../support/policy/arbitraries";
import { compile } from "../../support/policy/compiled";

const flowOf = ({ segment, source, destination, protocol, secondWord, icmp }: BridgedPacket): Flow => ({
  zone: segment.zone,
  source,
  destination,
  protocol,
  ...(hasPorts(protocol) ? { port: secondWord } : {}),
  ...(protocol === icmpOf(source.family) ? { icmp } : {}),
});

test("flows to cut are those that the evaluator denies, by the same rule", () => {
  fc.assert(
    fc.property(
      worldArbitrary,
      fc.tuple(policiesArbitrary, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 })),
      fc.array(packetArbitrary, { minLength: 1, maxLength: 40, size: "max" }),
      (world, [generated, keeping], packets) => {
        const policies = generated.map((one, index): Policy => ({ ...one, onClose: keeping[index] ? "keep" : "cut" }));
        const { plan } = compile(policies, world, "h1");
        for (const packet of packets.map((one): BridgedPacket => ({ ...one, host: "h1" }))) {
          const judgements = (["egress", "ingress"] as const).map((direction) =>
            judgeAt(policies, world, packet, direction),
          );
          const denied = judgements.find((one) => one !== undefined && one.verdict !== "allow");
          const isKept = policies.some((one) => one.onClose === "keep" && denied?.by?.startsWith(`${one.name}/`));
          const expected = denied === undefined || isKept ? [] : [denied.by];
          const found = flowsToCut(plan, policies, [flowOf(packet)], packet.time);
          expect(found.map(({ by }) => by)).toEqual(expected);
        }
      },
    ),
    { numRuns: 300, seed },
  );
});
