/** A hundred hosts: what is counted here grows with the fleet, and must not grow faster. */
import type { ValueMap } from "../../../provider/src/rpc/value";
import { Engine } from "../../support/engine";
import { shop, subnetOf } from "../../support/programs";
import { World } from "../../support/world";

const hostCount = 100;
const subnetNames = ["a", "b", "c", "d"];
/** Decision 2 of the design. */
const stateLimit = 5000;

const sizeOf = (inputs: ValueMap, outputs: ValueMap): number => JSON.stringify({ inputs, outputs }).length;

test("four subnets on a hundred hosts: one execution a host and wave, and little state", async () => {
  const world = new World(Array.from({ length: hostCount }, () => ({ docker: false })));
  const engine = new Engine(world.handlers);
  const executions = (): readonly number[] => [...new Set(world.takeExecutions())];
  const program =
    (names: readonly string[]) =>
    async (run: Parameters<typeof shop>[0]): Promise<void> => {
      const made = await shop(run, world, { network: { cidr: "10.0.0.0/8" } });
      await Promise.all(
        names.map((name, at) => subnetOf(run, made, name, { cidr: `10.${at + 1}.0.0/16`, hostRangePrefixLength: 24 })),
      );
    };

  await engine.up(program(subnetNames));
  // Facts, routers, segments. What is in use was seen with the routers.
  expect(executions()).toEqual([3]);

  const perHost = [...engine.state.values()].filter(({ type }) => !type.startsWith("sdn:ipam:"));
  expect(perHost).toHaveLength(hostCount * (1 + 1 + subnetNames.length));
  expect(Math.max(...perHost.map(({ inputs, outputs }) => sizeOf(inputs, outputs)))).toBeLessThan(stateLimit);

  expect((await engine.preview(program(subnetNames))).done).toEqual([]);
  expect(executions()).toEqual([0]);

  await engine.refresh();
  expect(executions()).toEqual([1]);

  await engine.up(program([...subnetNames, "e"]));
  // The new segment: what is in use was read a moment ago.
  expect(executions()).toEqual([1]);
});
