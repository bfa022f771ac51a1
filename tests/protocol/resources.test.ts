/** Custom resources over gRPC: what arrives at a handler, and what comes back. */
import { status } from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/provider_pb";

import { Asset, OutputValue, ResourceReference, Secret, unknown } from "../../provider/src/rpc/value";
import type { ValueMap } from "../../provider/src/rpc/value";
import { createEchoHandlers, thing, Witness } from "./echo-handlers";
import { failureOf, startPlugin, urnOf } from "./fakes";
import type { Plugin } from "./fakes";

let witness: Witness;
let plugin: Plugin;

beforeEach(async () => {
  witness = new Witness();
  plugin = await startPlugin({ handlers: createEchoHandlers(witness) });
});

afterEach(() => plugin.close());

const marked: ValueMap = {
  later: unknown,
  password: new Secret({ text: "hunter2", more: [unknown] }),
  other: new ResourceReference("urn:pulumi:dev::shop::echo:index:Thing::b", unknown, ""),
  file: new Asset({ "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", text: "x" }),
  list: [1, null, { nested: new Secret("x") }],
};

test("unknowns, secrets, references and assets pass through Check", async () => {
  expect((await plugin.check(thing, "a", marked)).inputs).toEqual(marked);
  expect(witness.last("check")).toEqual({ urn: urnOf(thing, "a"), olds: undefined, news: marked });
});

test("Check gets the inputs of the last run", async () => {
  await plugin.check(thing, "a", { a: 2 }, { a: 1 });
  expect(witness.last("check")).toMatchObject({ olds: { a: 1 }, news: { a: 2 } });
});

test("Check tells every wrong input at once", async () => {
  const { failures } = await plugin.check(thing, "a", { x: "bad", y: "good", z: "bad" });
  expect(failures).toEqual([
    { property: "x", reason: "must not be bad" },
    { property: "z", reason: "must not be bad" },
  ]);
});

test("the name of a wrong input that is secret leads nowhere, because the engine prints what it leads to", async () => {
  const { failures } = await plugin.check(thing, "a", { x: new Secret("bad"), y: "bad" });
  expect(failures.map(({ property }) => property)).toEqual(["x (value not shown)", "y"]);
});

test("unknowns and secrets pass through Create's preview, whose id is not known", async () => {
  const created = await plugin.create(thing, "a", marked, { preview: true });
  expect(created).toEqual({ id: "", outputs: { ...marked, made: unknown } });
  expect(witness.last("create")).toEqual({ urn: urnOf(thing, "a"), inputs: marked, preview: true });
});

test("Create gives id and outputs", async () => {
  const inputs = { password: new Secret("hunter2") };
  expect(await plugin.create(thing, "a", inputs)).toEqual({ id: "thing-id", outputs: { ...inputs, made: "yes" } });
});

test("an output that a resource gives out is sent as a secret, because the engine takes no outputs there", async () => {
  const inputs = { a: new OutputValue("x", true, ["urn"]) };
  expect((await plugin.create(thing, "a", inputs)).outputs["a"]).toEqual(new Secret("x"));
});

test("a peer that accepts no secrets gets their content", async () => {
  await plugin.client.configure(new pb.ConfigureRequest().setAcceptsecrets(false).setAcceptresources(true));
  expect((await plugin.create(thing, "a", { p: new Secret("x") })).outputs["p"]).toBe("x");
});

test("Diff is detailed, by property path", async () => {
  const response = await plugin.diff(thing, "a", {
    olds: { name: "x", tags: ["a"], kept: 1 },
    oldInputs: { name: "x", tags: ["a"], ignored: 1, gone: 1 },
    news: { name: "y", tags: ["a", unknown], ignored: 2 },
    ignoreChanges: ["ignored"],
  });
  const kinds = response.getDetaileddiffMap().toObject(false, pb.PropertyDiff.toObject);
  expect(Object.fromEntries(kinds)).toEqual({
    name: { kind: pb.PropertyDiff.Kind.UPDATE_REPLACE, inputdiff: true },
    "tags[1]": { kind: pb.PropertyDiff.Kind.ADD, inputdiff: true },
    gone: { kind: pb.PropertyDiff.Kind.DELETE, inputdiff: true },
  });
  expect(response.getHasdetaileddiff()).toBe(true);
  expect(response.getChanges()).toBe(pb.DiffResponse.DiffChanges.DIFF_SOME);
  expect(response.getDiffsList().sort()).toEqual(["gone", "name", "tags"]);
  expect(response.getReplacesList()).toEqual(["name"]);
  expect(response.getDeletebeforereplace()).toBe(true);
  expect(witness.last("diff")).toMatchObject({ id: "a-id", olds: { kept: 1 }, ignoreChanges: ["ignored"] });
});

test("Diff says plainly that nothing changes", async () => {
  const response = await plugin.diff(thing, "a", { oldInputs: { p: new Secret(1) }, news: { p: new Secret(1) } });
  expect(response.getChanges()).toBe(pb.DiffResponse.DiffChanges.DIFF_NONE);
  expect(response.getDiffsList()).toEqual([]);
  expect(response.getHasdetaileddiff()).toBe(true);
});

test("Read without inputs and state is an import", async () => {
  expect(await plugin.read(thing, "a", "h1/x")).toEqual({
    id: "h1/x",
    inputs: { found: "h1/x" },
    outputs: { found: "h1/x", made: "yes" },
  });
  expect(witness.last("read")).toEqual({ urn: urnOf(thing, "a"), id: "h1/x", inputs: undefined, state: undefined });
});

test("Read in a refresh has inputs and state", async () => {
  await plugin.read(thing, "a", "i", { a: 1 }, { a: 1, b: new Secret(2) });
  expect(witness.last("read")).toMatchObject({ inputs: { a: 1 }, state: { a: 1, b: new Secret(2) } });
});

test("Read of something absent has no id", async () => {
  expect(await plugin.read(thing, "a", "gone", { a: 1 }, { a: 1 })).toBeUndefined();
});

test("Update gets old outputs, old inputs and the preview flag", async () => {
  const request = { id: "i", olds: { a: 1, made: "yes" }, oldInputs: { a: 1 }, news: { a: unknown } };
  expect(await plugin.update(thing, "a", request, { preview: true })).toEqual({ a: unknown, made: unknown });
  expect(witness.last("update")).toEqual({ urn: urnOf(thing, "a"), preview: true, ...request });
});

test("Delete gets id, outputs and inputs", async () => {
  await plugin.delete(thing, "a", "i", { a: new Secret("x") });
  const both = { a: new Secret("x") };
  expect(witness.last("delete")).toEqual({ urn: urnOf(thing, "a"), id: "i", outputs: both, inputs: both });
});

test.each(["create", "update"] as const)(
  "a partial failure of %s keeps id, inputs, outputs and reasons",
  async (method) => {
    const inputs = { mode: "partial", text: "step", p: new Secret("x") };
    const call =
      method === "create"
        ? plugin.create(thing, "a", inputs)
        : plugin.update(thing, "a", { id: "i", olds: {}, news: inputs });
    const failure = await failureOf(call);
    expect(failure.code).toBe(status.UNKNOWN);
    expect(failure.initFailed).toEqual({
      id: "half-id",
      inputs,
      outputs: { ...inputs, half: true },
      reasons: ["one step", "two"],
    });
  },
);

test("an unreachable host is a plain failure", async () => {
  const failure = await failureOf(plugin.create(thing, "a", { mode: "unreachable" }));
  expect(failure).toMatchObject({ code: status.UNAVAILABLE, message: "host h1: no answer." });
});

test("a defect is an internal error, and takes no secret with it", async () => {
  const failure = await failureOf(plugin.create(thing, "a", { mode: "defect", text: new Secret("hunter2") }));
  expect(failure.code).toBe(status.INTERNAL);
  expect(failure.message).toContain("cannot read [secret]");
});

test("an unknown type is refused with the known ones", async () => {
  const failure = await failureOf(plugin.check("echo:index:Nothing", "a", {}));
  expect(failure.code).toBe(status.FAILED_PRECONDITION);
  expect(failure.message).toMatch(/"echo:index:Nothing".*Known are: echo:index:Thing/);
});

test("the type is taken from the URN where the engine sends none", async () => {
  const request = new pb.CheckRequest().setUrn(urnOf(thing, "a", urnOf("echo:index:Group", "g")));
  await expect(plugin.client.check(request)).resolves.toBeInstanceOf(pb.CheckResponse);
});

test("a thousand failures arrive", async () => {
  const inputs = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`property${at}`, "bad"]));
  expect((await plugin.check(thing, "a", inputs)).failures).toHaveLength(1000);
});

test("a message of ten megabytes passes in both directions", async () => {
  const text = "x".repeat(10 * 1024 * 1024);
  expect((await plugin.check(thing, "a", { text })).inputs["text"]).toHaveLength(text.length);
});
