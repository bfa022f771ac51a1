/** How operations end before they are done: time limits, the engine's cancellation, Cancel, the server's end. */
import { status } from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

import { serve } from "../../provider/src/rpc/server";
import { createEchoHandlers, group, thing, Witness } from "./echo-handlers";
import { failureOf, startPlugin, urnOf } from "./fakes";
import type { Plugin } from "./fakes";
import { until } from "./until";

let witness: Witness;
let plugin: Plugin;
let release: () => void;

beforeEach(async () => {
  witness = new Witness();
  const blocked = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined);
  });
  plugin = await startPlugin(
    { handlers: createEchoHandlers(witness) },
    { decide: (request) => (request.getCustom() ? blocked : undefined) },
  );
});

afterEach(async () => {
  release();
  await plugin.close();
});

test.each([
  { option: "create", call: () => plugin.create(thing, "a", { mode: "wait" }, { timeout: 0.05 }) },
  {
    option: "update",
    call: () => plugin.update(thing, "a", { id: "i", olds: {}, news: { mode: "wait" } }, { timeout: 0.05 }),
  },
  { option: "delete", call: () => plugin.delete(thing, "a", "i", { mode: "wait" }, { timeout: 0.05 }) },
])("a $option over its time limit says which limit, and how to raise it", async ({ option, call }) => {
  const failure = await failureOf(call());
  expect(failure.code).toBe(status.DEADLINE_EXCEEDED);
  expect(failure.message).toContain(`${option} time limit of 0.05 s`);
  expect(failure.message).toContain(`customTimeouts, field ${option}`);
  expect(witness.ended).toHaveLength(1);
});

test("a time limit that is not reached changes nothing", async () => {
  await expect(plugin.create(thing, "a", {}, { timeout: 60 })).resolves.toMatchObject({ id: "thing-id" });
});

test("a call that the engine cancels is aborted", async () => {
  const controller = new AbortController();
  const failing = failureOf(plugin.create(thing, "a", { mode: "wait" }, { signal: controller.signal }));
  await until(() => witness.begun.length === 1);
  controller.abort();
  expect((await failing).code).toBe(status.CANCELLED);
  await until(() => witness.ended.length === 1);
});

test("Cancel answers at once and ends every call within 5 s", async () => {
  const calls = ["a", "b", "c"].map((name) => failureOf(plugin.create(thing, name, { mode: "wait" })));
  const constructing = failureOf(plugin.construct(group, "g", { members: ["x"] }));
  await until(() => witness.begun.length === 3 && plugin.monitor.registered.length === 2);
  const started = performance.now();
  await plugin.client.cancel(new Empty());
  const failures = await Promise.all([...calls, constructing]);
  expect(performance.now() - started).toBeLessThan(1000);
  expect(failures.map(({ code }) => code)).toEqual(Array(4).fill(status.CANCELLED));
  expect(failures[0].message).toContain("told the provider to stop");
});

test("an operation that does not listen is given up within 5 s, and its state is unknown", async () => {
  const deaf = failureOf(plugin.create(thing, "a", { mode: "deaf" }));
  const previewing = failureOf(plugin.create(thing, "b", { mode: "deaf" }, { preview: true }));
  await until(() => witness.begun.length === 2);
  const started = performance.now();
  await plugin.client.cancel(new Empty());
  const [changing, reading] = await Promise.all([deaf, previewing]);
  expect(performance.now() - started).toBeLessThan(5000);
  expect(changing).toMatchObject({
    code: status.UNKNOWN,
    message: expect.stringContaining("pulumi refresh") as unknown,
  });
  expect(reading.code).toBe(status.CANCELLED);
}, 10_000);

test("after Cancel nothing new begins, until an engine attaches again", async () => {
  await plugin.client.cancel(new Empty());
  expect((await failureOf(plugin.create(thing, "a", {}))).code).toBe(status.CANCELLED);
  expect(witness.begun).toEqual([]);
  await plugin.client.handshake(new pb.ProviderHandshakeRequest().setEngineAddress(plugin.engine.address));
  await expect(plugin.create(thing, "a", {})).resolves.toMatchObject({ id: "thing-id" });
});

test("closing the server ends what is under way, then the handlers", async () => {
  const handlers = createEchoHandlers(witness);
  const server = await serve(handlers);
  const driven = await startPlugin({ port: server.port });
  const failing = failureOf(driven.create(thing, "a", { mode: "wait" }));
  await until(() => witness.begun.length === 1);
  await Promise.all([server.close(), server.close()]);
  expect((await failing).code).toBe(status.CANCELLED);
  expect(witness.closed).toBe(true);
  expect(witness.ended).toEqual([urnOf(thing, "a")]);
  await driven.close();
});
