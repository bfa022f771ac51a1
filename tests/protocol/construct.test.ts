/** Components: registration with every option, children, what goes wrong. */
import { status } from "@grpc/grpc-js";
import { Alias } from "@pulumi/pulumi/proto/alias_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Result } from "@pulumi/pulumi/proto/resource_pb";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { Value as WireValue } from "google-protobuf/google/protobuf/struct_pb";

import { decodeStruct } from "../../provider/src/rpc/codec";
import { OutputValue, Secret, unknown } from "../../provider/src/rpc/value";
import { createEchoHandlers, group, thing } from "./echo-handlers";
import { failureOf, startPlugin, urnOf } from "./fakes";
import type { FakeMonitorOptions, Plugin } from "./fakes";

const open: Plugin[] = [];

async function start(options?: FakeMonitorOptions): Promise<Plugin> {
  const plugin = await startPlugin({ handlers: createEchoHandlers() }, options);
  open.push(plugin);
  return plugin;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((plugin) => plugin.close()));
});

function dependenciesOf(request: RegisterResourceRequest): Record<string, readonly string[]> {
  const found: Record<string, readonly string[]> = {};
  request.getPropertydependenciesMap().forEach((urns, property) => (found[property] = urns.getUrnsList()));
  return found;
}

test("a component, its children and its outputs are registered", async () => {
  const { construct, monitor, engine } = await start();
  const { urn, state, stateDependencies } = await construct(group, "g", { members: ["x", new Secret("y")] });

  expect(urn).toBe(urnOf(group, "g"));
  const child = urnOf(thing, "g-0", urn);
  expect(stateDependencies).toEqual({ ids: [], seen: [], first: [child], self: [] });
  expect(state["first"]).toEqual(new OutputValue("x", false, [child]));
  expect(state["ids"]).toEqual(["g-0-id", "g-1-id"]);
  expect(state["seen"]).toEqual([
    { id: "g-0-id", value: "x" },
    { id: "g-1-id", value: new Secret("y") },
  ]);
  expect(monitor.outputs.get(urn)).toEqual({ ...state, first: "x" });

  expect(monitor.registered.map((request) => [request.getName(), request.getCustom(), request.getParent()])).toEqual([
    ["g", false, ""],
    ["g-0", true, urn],
    ["g-1", true, urn],
  ]);
  expect(engine.logs).toMatchObject([{ message: "building g in acme/shop/dev", urn }]);
});

test("a child is registered with what its request says, and with the provider's own version", async () => {
  const { construct, monitor } = await start();
  const { urn } = await construct(group, "g", { members: ["x"] });
  const child = monitor.named("g-0").toObject();
  expect(child).toMatchObject({
    type: thing,
    parent: urn,
    custom: true,
    remote: false,
    version: "1.2.3",
    provider: "",
    plugindownloadurl: "",
    acceptsecrets: true,
    acceptresources: true,
    supportspartialvalues: true,
    supportsresultreporting: true,
    aliasspecs: true,
    deletebeforereplace: true,
    deletebeforereplacedefined: true,
    deletedwith: urn,
  });
  expect(child.aliasesList).toMatchObject([{ spec: { name: "g-old-0" } }]);
});

test("children of other packages get the providers that the user gave, or the one that the handler chose", async () => {
  const { construct, monitor } = await start();
  await construct(group, "g", { foreign: true }, (request) => {
    request.getProvidersMap().set("other", "urn:other::8").set("chosen", "urn:chosen::9");
  });
  const registered = ["g-other", "g-chosen"].map((name) => monitor.named(name));
  expect(registered.map((one) => one.getProvider())).toEqual(["urn:other::8", "urn:chosen::9-by-handler"]);
  expect(registered.map((one) => one.getVersion())).toEqual(["", ""]);
});

test("a provider that the user gave is the children's", async () => {
  const { construct, monitor } = await start();
  const reference = "urn:pulumi:dev::shop::pulumi:providers:echo::mine::7";
  await construct(group, "g", { members: ["x"] }, (request) => {
    request.getProvidersMap().set("echo", reference).set("other", "urn:other::8");
  });
  expect(monitor.named("g-0").getProvider()).toBe(reference);
  expect(monitor.named("g-0").getVersion()).toBe("");
  expect(monitor.named("g").getProvidersMap().toObject()).toEqual([
    ["echo", reference],
    ["other", "urn:other::8"],
  ]);
});

test("every option of the component reaches its registration", async () => {
  const { construct, monitor } = await start();
  const parent = urnOf("app:index:Parent", "p");
  const hooks = new pb.ConstructRequest.ResourceHooksBinding()
    .setBeforeCreateList(["bc"])
    .setAfterCreateList(["ac"])
    .setBeforeUpdateList(["bu"])
    .setAfterUpdateList(["au"])
    .setBeforeDeleteList(["bd"])
    .setAfterDeleteList(["ad"])
    .setOnErrorList(["oe"]);
  await construct(group, "g", { a: 1 }, (request) => {
    request
      .setParent(parent)
      .setProtect(true)
      .setRetainondelete(false)
      .setDeletebeforereplace(false)
      .setDependenciesList(["urn:d"])
      .setAliasesList([
        new Alias().setUrn("urn:old"),
        new Alias().setSpec(new Alias.Spec().setName("n").setNoparent(true)),
      ])
      .setIgnorechangesList(["i"])
      .setReplaceonchangesList(["r"])
      .setReplaceWithList(["urn:rw"])
      .setAdditionalsecretoutputsList(["s"])
      .setDeletedwith("urn:dw")
      .setReplacementTrigger(new WireValue().setStringValue("t"))
      .setStackTraceHandle("trace")
      .setResourceHooks(hooks)
      .setCustomtimeouts(
        new pb.ConstructRequest.CustomTimeouts().setCreate("1m").setUpdate("2m").setDelete("3m").setRead("4m"),
      );
  });
  const registered = monitor.named("g");
  expect(registered.toObject()).toMatchObject({
    parent,
    custom: false,
    remote: false,
    protect: true,
    retainondelete: false,
    deletebeforereplace: false,
    deletebeforereplacedefined: true,
    dependenciesList: ["urn:d"],
    ignorechangesList: ["i"],
    replaceonchangesList: ["r"],
    replaceWithList: ["urn:rw"],
    additionalsecretoutputsList: ["s"],
    deletedwith: "urn:dw",
    parentstacktracehandle: "trace",
    hooks: hooks.toObject(),
    customtimeouts: { create: "1m", update: "2m", pb_delete: "3m", read: "4m" },
    aliasspecs: true,
  });
  expect(registered.getReplacementTrigger()?.getStringValue()).toBe("t");
  expect(registered.getAliasesList().map((alias) => alias.getUrn() || alias.getSpec()?.getName())).toEqual([
    "urn:old",
    "n",
  ]);
  expect(registered.getAliasesList()[1]?.getSpec()?.getNoparent()).toBe(true);
});

test("options that the user did not give stay unset", async () => {
  const { construct, monitor } = await start();
  await construct(group, "g", {});
  const registered = monitor.named("g");
  expect([registered.hasProtect(), registered.hasRetainondelete(), registered.getDeletebeforereplacedefined()]).toEqual(
    [false, false, false],
  );
  expect([registered.hasCustomtimeouts(), registered.hasHooks(), registered.hasReplacementTrigger()]).toEqual([
    false,
    false,
    false,
  ]);
});

test("outputs among the inputs become secrets, unknowns and plain values, and their dependencies are kept", async () => {
  const { construct, monitor } = await start({ dryRun: true });
  const members = [
    new OutputValue("x", false, ["urn:a"]),
    new OutputValue("hunter2", true, ["urn:b"]),
    new OutputValue(undefined, false, ["urn:a"]),
  ];
  await construct(group, "g", { members, plain: 1 }, (request) => {
    request
      .setStackTraceHandle("trace")
      .getInputdependenciesMap()
      .set("members", new pb.ConstructRequest.PropertyDependencies().setUrnsList(["urn:c"]));
  });
  const component = monitor.named("g");
  expect(decodeStruct(component.getObject())).toEqual({ members: ["x", new Secret("hunter2"), unknown], plain: 1 });
  expect(dependenciesOf(component)).toEqual({ members: ["urn:a", "urn:b", "urn:c"], plain: [] });
  // The place in the user's program is saved with the component, not again with each child.
  expect(monitor.named("g-1").getParentstacktracehandle()).toBe("");
  const values = ["g-0", "g-1", "g-2"].map((name) => decodeStruct(monitor.named(name).getObject())["value"]);
  expect(values).toEqual(["x", new Secret("hunter2"), unknown]);
  expect(dependenciesOf(monitor.named("g-1"))).toEqual({ value: ["urn:a", "urn:b", "urn:c"] });
  expect(monitor.named("g-1").getDependenciesList()).toEqual(["urn:a", "urn:b", "urn:c"]);
});

test("in a preview children have no id yet, a component has none ever", async () => {
  const { construct } = await start({ dryRun: true });
  const { state } = await construct(group, "g", { members: ["x", unknown] });
  expect(state["ids"]).toEqual([unknown, unknown]);
  expect(state["self"]).toBe("");
  expect(state["seen"]).toEqual([
    { id: unknown, value: "x" },
    { id: unknown, value: unknown },
  ]);
});

test("outputs that the preview does not know stay absent", async () => {
  const { construct } = await start({
    dryRun: true,
    decide: (request) => (request.getCustom() ? { outputs: {} } : undefined),
  });
  const { state } = await construct(group, "g", { members: ["x"] });
  expect(state["seen"]).toEqual([{ id: unknown }]);
});

test("an engine that takes no outputs gets plain state", async () => {
  const { construct } = await start();
  const { state, stateDependencies } = await construct(group, "g", { members: ["x"] }, (request) => {
    request.setAcceptsOutputValues(false);
  });
  expect(state["first"]).toBe("x");
  expect(stateDependencies["first"]).toHaveLength(1);
});

test("all wrong inputs are told at once, before anything is registered", async () => {
  const { construct, monitor } = await start();
  const failure = await failureOf(construct(group, "g", { x: "bad", y: new OutputValue("bad", false, []), z: "good" }));
  expect(failure.code).toBe(status.INVALID_ARGUMENT);
  expect(failure.message).toBe('echo:index:Group "g" has 2 problems in its inputs');
  expect(failure.inputErrors).toEqual([
    { property: "x", reason: "must not be bad" },
    { property: "y", reason: "must not be bad" },
  ]);
  expect(monitor.registered).toEqual([]);
});

test.each([
  { name: "a secret", inputs: { x: new Secret("bad") }, path: "x (value not shown)" },
  { name: "a secret output", inputs: { x: new OutputValue("bad", true, []) }, path: "x (value not shown)" },
])("the path of $name that is wrong leads nowhere, because the engine prints what it leads to", async (given) => {
  const { construct } = await start();
  const failure = await failureOf(construct(group, "g", { ...given.inputs, y: "bad" }));
  expect(failure.inputErrors.map(({ property }) => property)).toEqual([given.path, "y"]);
});

test("a thousand wrong inputs arrive", async () => {
  const { construct } = await start();
  const inputs = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`property${at}`, "bad"]));
  expect((await failureOf(construct(group, "g", inputs))).inputErrors).toHaveLength(1000);
});

test("a wrong input that only the handler's work finds is told in the same way", async () => {
  const { construct } = await start();
  const failure = await failureOf(construct(group, "g", { refuse: true }));
  expect(failure.inputErrors).toEqual([{ property: "refuse", reason: "was true." }]);
});

test.each([
  { result: Result.FAIL, says: /Thing "g-1": the engine failed to apply it/ },
  { result: Result.SKIP, says: /Thing "g-1": the engine skipped it/ },
])("a child with result $result fails the component", async ({ result, says }) => {
  const { construct } = await start({ decide: (request) => (request.getName() === "g-1" ? { result } : undefined) });
  const failure = await failureOf(construct(group, "g", { members: ["x", "y"] }));
  expect(failure.code).toBe(status.ABORTED);
  expect(failure.message).toMatch(says);
});

test("an error of the monitor names the child", async () => {
  const decide = (request: RegisterResourceRequest): undefined => {
    if (request.getCustom()) throw new Error("duplicate URN");
  };
  const { construct } = await start({ decide });
  const failure = await failureOf(construct(group, "g", { members: ["x"] }));
  expect(failure.message).toMatch(/Thing "g-0".*duplicate URN/);
});

test("an unknown component is refused with the known ones", async () => {
  const { construct } = await start();
  expect((await failureOf(construct("echo:index:Nothing", "g", {}))).message).toMatch(/Nothing.*echo:index:Group/);
});

test("fifty components at the same time keep apart, some of them failing", async () => {
  const { construct, monitor } = await start();
  const names = Array.from({ length: 50 }, (_, at) => `g${at}`);
  const results = await Promise.allSettled(
    names.map((name, at) =>
      construct(group, name, { members: at % 10 === 9 ? [] : [name, at], x: at % 10 === 9 ? "bad" : "" }),
    ),
  );
  results.forEach((result, at) => {
    if (at % 10 === 9) {
      expect(result.status).toBe("rejected");
      return;
    }
    const state = result.status === "fulfilled" ? result.value.state : {};
    expect(state["ids"]).toEqual([`g${at}-0-id`, `g${at}-1-id`]);
    expect(state["seen"]).toEqual([
      { id: `g${at}-0-id`, value: `g${at}` },
      { id: `g${at}-1-id`, value: at },
    ]);
  });
  expect(monitor.registered).toHaveLength(45 * 3);
});
