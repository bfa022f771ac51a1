/** What concerns the provider as a whole: handshake, schema, configuration, functions, methods that it has not. */
import { status } from "@grpc/grpc-js";
import { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

import { encodeStruct, keepAll } from "../../provider/src/rpc/codec";
import { Secret, unknown } from "../../provider/src/rpc/value";
import { createEchoHandlers, look, thing, Witness } from "./echo-handlers";
import { failureOf, startEngine, startPlugin } from "./fakes";
import type { Plugin } from "./fakes";

let witness: Witness;
let plugin: Plugin;

beforeAll(async () => {
  witness = new Witness();
  plugin = await startPlugin({ handlers: createEchoHandlers(witness) }, { config: { token: new Secret("hunter2") } });
});

afterAll(() => plugin.close());

test("the handshake says what the provider accepts", async () => {
  const response = await plugin.client.handshake(
    new pb.ProviderHandshakeRequest().setEngineAddress(plugin.engine.address),
  );
  expect(response.toObject()).toEqual({
    acceptSecrets: true,
    acceptResources: true,
    acceptOutputs: true,
    supportsAutonamingConfiguration: false,
    acceptsByteString: false,
  });
});

test("Configure says what the provider accepts and gives the handlers their configuration", async () => {
  const args = encodeStruct({ token: new Secret("hunter2"), nested: { a: [1] } }, keepAll);
  const request = new pb.ConfigureRequest().setArgs(args).setAcceptsecrets(true).setAcceptresources(true);
  expect((await plugin.client.configure(request)).toObject()).toEqual({
    acceptsecrets: true,
    supportspreview: true,
    acceptresources: true,
    acceptoutputs: true,
    supportsAutonamingConfiguration: false,
  });
  expect(witness.config).toEqual({ token: new Secret("hunter2"), nested: { a: [1] } });
});

test("CheckConfig tells every failure at once and keeps unknowns", async () => {
  const news = encodeStruct({ a: "bad", b: unknown, c: "bad" }, keepAll);
  const response = await plugin.client.checkConfig(new pb.CheckRequest().setNews(news));
  expect(response.getFailuresList().map((failure) => failure.getProperty())).toEqual([
    "a (value not shown)",
    "c (value not shown)",
  ]);
  expect(response.getInputs()?.toJavaScript()).toEqual(news.toJavaScript());
});

test("DiffConfig never replaces the provider", async () => {
  const [olds, news] = [encodeStruct({ a: 1 }, keepAll), encodeStruct({ a: 2 }, keepAll)];
  const response = await plugin.client.diffConfig(new pb.DiffRequest().setOldInputs(olds).setNews(news));
  expect(response.getDiffsList()).toEqual(["a"]);
  expect(response.getReplacesList()).toEqual([]);
});

test("GetSchema gives the schema's text", async () => {
  const response = await plugin.client.getSchema(new pb.GetSchemaRequest());
  expect(JSON.parse(response.getSchema())).toEqual({ name: "echo", version: "1.2.3" });
});

test("GetSchema refuses a version of the format that it does not know", async () => {
  const failure = await failureOf(plugin.client.getSchema(new pb.GetSchemaRequest().setVersion(7)));
  expect(failure).toMatchObject({
    code: status.INVALID_ARGUMENT,
    message: expect.stringContaining("(got 7)") as unknown,
  });
});

test("GetPluginInfo gives the version", async () => {
  expect((await plugin.client.getPluginInfo(new Empty())).getVersion()).toBe("1.2.3");
});

test("there are no mappings", async () => {
  expect((await plugin.client.getMapping(new pb.GetMappingRequest().setKey("terraform"))).getProvider()).toBe("");
  expect((await plugin.client.getMappings(new pb.GetMappingsRequest())).getProvidersList()).toEqual([]);
});

test.each([
  {
    name: "Parameterize",
    call: () => plugin.client.parameterize(new pb.ParameterizeRequest()),
    says: /takes no parameters/,
  },
  {
    name: "Call",
    call: () => plugin.client.call(new pb.CallRequest().setTok("echo:index:Thing/go")),
    says: /no methods.*Thing\/go/,
  },
  { name: "List", call: () => plugin.client.list(new pb.ListRequest().setToken(thing)), says: /import one by its id/ },
])("$name is answered clearly as not implemented", async ({ call, says }) => {
  const failure = await failureOf(call());
  expect(failure.code).toBe(status.UNIMPLEMENTED);
  expect(failure.message).toMatch(says);
});

describe("Invoke", () => {
  test("gives the function's result, secrets kept", async () => {
    expect(await plugin.invoke(look, { at: new Secret("x") })).toEqual({
      result: { seen: new Secret("x") },
      failures: [],
    });
  });

  test("tells every failure at once", async () => {
    const { failures } = await plugin.invoke(look, { at: 1, x: "bad", y: "bad" });
    expect(failures.map(({ property }) => property)).toEqual(["x", "y"]);
  });

  test("tells a thrown wrong argument in the same way", async () => {
    expect((await plugin.invoke(look, {})).failures).toEqual([{ property: "at", reason: "is missing." }]);
  });

  test("refuses an unknown function with the known ones", async () => {
    const failure = await failureOf(plugin.invoke("echo:index:nothing", {}));
    expect(failure.message).toMatch(/echo:index:nothing.*echo:index:look/);
  });
});

describe("the engine's log", () => {
  test("gets lines in order and status messages that are replaced, at the resource, without secrets", async () => {
    const before = plugin.engine.logs.length;
    await plugin.create(thing, "logged", { mode: "log", text: new Secret("hunter2") });
    const urn = "urn:pulumi:dev::shop::echo:index:Thing::logged";
    expect(plugin.engine.logs.slice(before)).toEqual([
      { severity: 2, message: "first [secret]", urn, streamid: 0, ephemeral: false },
      { severity: 1, message: "working on [secret]", urn, streamid: 0, ephemeral: true },
      { severity: 1, message: "second", urn, streamid: 0, ephemeral: false },
    ]);
  });

  test("hides the secrets of the configuration too", async () => {
    const before = plugin.engine.logs.length;
    await plugin.create(thing, "logged", { mode: "log", text: "hunter2" });
    expect(JSON.stringify(plugin.engine.logs.slice(before))).not.toContain("hunter2");
  });

  test("is the new engine's after Attach", async () => {
    const other = await startEngine();
    await plugin.client.attach(new PluginAttach().setAddress(other.address));
    await plugin.create(thing, "logged", { mode: "log", text: "x" });
    expect(other.logs).toHaveLength(3);
    other.close();
  });

  test("may be gone without failing a call", async () => {
    const gone = await startEngine();
    await plugin.client.attach(new PluginAttach().setAddress(gone.address));
    gone.close();
    await expect(plugin.create(thing, "logged", { mode: "log", text: "x" })).resolves.toMatchObject({ id: "thing-id" });
  });
});
