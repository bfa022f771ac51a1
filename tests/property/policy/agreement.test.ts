/** The compiled table does what the policies mean: the evaluator and the tracer agree on every packet. */
import fc from "fast-check";
import { changeCommands, replaceCommands } from "../../../provider/src/compile/nft/program";
import { firewallTable } from "../../../provider/src/compile/firewall/program";
import { seed } from "../../support/intent-arbitraries";
import { agrees, expectedTrace, flowOf, tracedPacket } from "../../support/policy/agreement";
import { hosts, packetArbitrary, policiesArbitrary, worldArbitrary } from "../../support/policy/arbitraries";
import { compile, type Compiled, load } from "../../support/policy/compiled";
import { heldArbitrary, heldCommands } from "../../support/policy/held";
import { applyCommands } from "../../support/policy/nft-model";
import { expectedOwn, ownFlow, ownPacketArbitrary, sparedArbitrary, tracedOwn } from "../../support/policy/own-host";
import { trace } from "../../support/policy/tracer";

const text = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part));

test("evaluator and tracer agree: verdict, counters and logs", () => {
  fc.assert(
    fc.property(
      worldArbitrary,
      policiesArbitrary,
      fc.array(packetArbitrary, { minLength: 1, maxLength: 60, size: "max" }),
      fc.tuple(heldArbitrary, fc.nat(3)),
      (...[world, policies, packets, [held, many]]) => {
        // Some of the packets' own flows are cut; those of the others are their neighbours.
        const cuts = packets.flatMap((packet, index) => (index % 4 < many - 1 ? (flowOf(packet) ?? []) : []));
        const tables = new Map<string, Pick<Compiled, "plan" | "model">>(
          hosts.map((host) => {
            const { plan, model } = compile(policies, world, host, { cuts });
            return [host, { plan, model: applyCommands(model, heldCommands(held)) }];
          }),
        );
        for (const packet of packets) {
          const { plan, model } = tables.get(packet.host)!;
          const expected = expectedTrace(policies, world, packet, plan.guarded, { held, cuts });
          const found = trace(model, firewallTable, tracedPacket(packet));
          if (!agrees(expected, found)) throw new Error(text({ expected, found, packet }));
        }
      },
    ),
    { numRuns: 400, seed },
  );
});

test("evaluator and tracer agree about the host itself", () => {
  fc.assert(
    fc.property(
      worldArbitrary,
      policiesArbitrary,
      fc.array(ownPacketArbitrary, { minLength: 1, maxLength: 60, size: "max" }),
      fc.tuple(sparedArbitrary, fc.nat(3)),
      (...[world, policies, packets, [spared, many]]) => {
        const cuts = packets.flatMap((packet, index) => (index % 4 < many - 1 ? (ownFlow(packet) ?? []) : []));
        const tables = new Map(
          hosts.map((host) => [host as string, compile(policies, world, host, { cuts, ...spared })]),
        );
        for (const packet of packets) {
          const expected = expectedOwn(policies, world, packet, { spared, cuts });
          const found = trace(tables.get(packet.host)!.model, firewallTable, tracedOwn(packet));
          if (!agrees(expected, found)) throw new Error(text({ expected, found, packet }));
        }
      },
    ),
    { numRuns: 400, seed },
  );
});

test("a change takes one program to the other, and its inverse back", () => {
  fc.assert(
    fc.property(
      worldArbitrary,
      policiesArbitrary,
      worldArbitrary,
      policiesArbitrary,
      heldArbitrary,
      (...[world, old, other, next, held]) => {
        const before = compile(old, world, "h1");
        const after = compile(next, other, "h1");
        const found = applyCommands(before.model, heldCommands(held));
        const changed = applyCommands(found, changeCommands(before.program, after.program));
        expect(changed).toEqual(load(replaceCommands(after.program)));
        expect(applyCommands(changed, changeCommands(after.program, before.program))).toEqual(before.model);
        expect(applyCommands(found, changeCommands(before.program, before.program))).toEqual(before.model);
      },
    ),
    { numRuns: 100, seed },
  );
});
