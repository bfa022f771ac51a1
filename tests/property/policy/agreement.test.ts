/** The compiled table does what the policies mean: the evaluator and the tracer agree on every packet. */
import fc from "fast-check";
import { changeCommands, replaceCommands } from "../../../provider/src/compile/nft/program";
import { firewallTable } from "../../../provider/src/compile/firewall/program";
import { seed } from "../../support/intent-arbitraries";
import { agrees, expectedTrace, flowOf, tracedPacket } from "../../support/policy/agreement";
import {
  foundArbitrary,
  hosts,
  packetArbitrary,
  policiesArbitrary,
  worldArbitrary,
  worldOn,
} from "../../support/policy/arbitraries";
import { compile, type Compiled, filled, load } from "../../support/policy/compiled";
import { heldArbitrary, heldCommands } from "../../support/policy/held";
import { applyCommands, type Model } from "../../support/policy/nft-model";
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
      fc.tuple(heldArbitrary, fc.nat(3), foundArbitrary),
      (...[world, policies, packets, [held, many, seen]]) => {
        // Some of the packets' own flows are cut; those of the others are their neighbours.
        const cuts = packets.flatMap((packet, index) => (index % 4 < many - 1 ? (flowOf(packet) ?? []) : []));
        const tables = new Map<string, Pick<Compiled, "plan" | "model">>(
          hosts.map((host) => {
            const compiled = compile(policies, world, host, { cuts });
            const model = filled(compiled, world, seen, host);
            return [host, { plan: compiled.plan, model: applyCommands(model, heldCommands(held)) }];
          }),
        );
        for (const packet of packets) {
          const { plan, model } = tables.get(packet.host)!;
          const known = worldOn(world, seen, packet.host);
          const expected = expectedTrace(policies, known, packet, plan.guarded, { held, cuts });
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
      fc.tuple(sparedArbitrary, fc.nat(3), foundArbitrary),
      (...[world, policies, packets, [spared, many, seen]]) => {
        const cuts = packets.flatMap((packet, index) => (index % 4 < many - 1 ? (ownFlow(packet) ?? []) : []));
        const tables = new Map<string, Model>(
          hosts.map((host) => {
            const compiled = compile(policies, world, host, { cuts, ...spared });
            return [host, filled(compiled, world, seen, host)];
          }),
        );
        for (const packet of packets) {
          const expected = expectedOwn(policies, worldOn(world, seen, packet.host), packet, { spared, cuts });
          const found = trace(tables.get(packet.host)!, firewallTable, tracedOwn(packet));
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

test("what the host filled in stays while it means the same, and goes where it does not", () => {
  let stayed = 0;
  fc.assert(
    fc.property(
      worldArbitrary,
      policiesArbitrary,
      fc.tuple(fc.nat(4), fc.constantFrom("rules", "targets", "policy")),
      foundArbitrary,
      (...[world, old, [place, what], seen]) => {
        const next = old.flatMap((one, index) => {
          if (index !== place % old.length) return [one];
          if (what === "rules") return [{ ...one, rules: one.rules.slice(1) }];
          return what === "targets" ? [{ ...one, appliesTo: [{ kind: "network" as const, name: "red" }] }] : [];
        });
        const [before, after] = [compile(old, world, "h1"), compile(next, world, "h1")];
        const commands = changeCommands(before.program, after.program);
        const changed = applyCommands(filled(before, world, seen, "h1"), commands).get(firewallTable)!.maps;
        const wanted = filled(after, world, seen, "h1").get(firewallTable)!.maps;
        for (const { name, runtime } of after.program.maps) {
          if (runtime === undefined) continue;
          const isKept = before.program.maps.some((map) => map.name === name && map.runtime === runtime);
          expect(changed.get(name)!.elements).toEqual(isKept ? wanted.get(name)!.elements : new Map());
          if (isKept) stayed += wanted.get(name)!.elements.size;
        }
      },
    ),
    { numRuns: 150, seed },
  );
  expect(stayed).toBeGreaterThan(20);
});
