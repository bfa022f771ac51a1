import type { ValueMap } from "../../../provider/src/rpc/value";
import { unknown } from "../../../provider/src/rpc/value";
import { connectionInput, FakeCall, urnOf, World } from "../../support/world";

const token = "sdn:linux:SharedPort";
const urn = urnOf(token, "sidecar");

function bench(networkMode = "container:web-1") {
  const world = new World();
  const handler = world.resource(token);
  const call = new FakeCall();
  const inputs: ValueMap = { connection: connectionInput(world.host), host: "h1", container: "sidecar", networkMode };
  const create = (preview = false) => handler.create(call, { urn, inputs, preview });
  const { model, target } = world.host;
  model.setContainer("web-1", { networks: new Map([["shop-web", { ipv4: "10.20.1.5", ipv6: "fd00:20:1::5" }]]) });
  model.setContainer("sidecar", { networkMode: "container:4f1d" });
  return { handler, call, inputs, create, model, target };
}

test("has the addresses of the container that it shares with", async () => {
  const { create, inputs } = bench();
  expect(await create()).toEqual({
    id: "ssh://root@192.0.2.11:22#container-sidecar",
    outputs: { ...inputs, ipv4Address: "10.20.1.5", ipv6Address: "fd00:20:1::5" },
  });
});

test("has the host's address in host mode", async () => {
  const { create, model } = bench("host");
  model.setContainer("sidecar", { networkMode: "host" });
  expect((await create()).outputs).toMatchObject({ ipv4Address: "192.0.2.11" });
});

test("in a preview the addresses are unknown and nobody is asked", async () => {
  const { create, inputs, target } = bench();
  expect(await create(true)).toEqual({
    id: unknown,
    outputs: { ...inputs, ipv4Address: unknown, ipv6Address: unknown },
  });
  expect(target.executions).toBe(0);
});

test("a container that runs in another mode is an error that names it", async () => {
  const { create, model } = bench();
  model.setContainer("sidecar", { networkMode: "default" });
  await expect(create()).rejects.toThrow(
    'host h1, container.networkMode: container sidecar runs with network mode default (got "container:web-1"). State its real mode, or start it in this one.',
  );
});

test("a container that is not there is an error, and in a read it is gone", async () => {
  const { handler, call, inputs } = bench("container:none");
  const missing = { ...inputs, container: "none" };
  await expect(handler.create(call, { urn, inputs: missing, preview: false })).rejects.toMatchObject({
    code: "not-found",
  });
  expect(await handler.read(call, { urn, id: "x", inputs: missing, state: {} })).toBeUndefined();
});

test("wrong inputs are all named, and are not made into something unknown", async () => {
  const { handler, call, inputs } = bench();
  const news = { connection: inputs["connection"] ?? null, container: "a b", networkMode: "bridge" };
  const { failures } = await handler.check(call, { urn, olds: undefined, news });
  expect(failures.map(({ property, reason }) => `${property}: ${reason}`)).toEqual([
    "host: is required and missing. Give the host's name.",
    'container: the value is not a valid Docker name (got "a b"). Write 1 to 128 letters, digits, underscores, dots or hyphens, beginning with a letter or digit.',
    'networkMode: must be host or container:NAME (got "bridge").',
  ]);
  await expect(handler.create(call, { urn, inputs: news, preview: false })).rejects.toMatchObject({
    code: "invalid-input",
  });
  const { connection: _, ...without } = inputs;
  expect((await handler.check(call, { urn, olds: undefined, news: without })).failures).toMatchObject([
    { property: "connection" },
  ]);
});

test("an import asks the engine whose network the container has", async () => {
  const { handler, call, model, inputs } = bench();
  model.setContainer("sidecar", { networkMode: "host" });
  const request = (id: string) => ({ urn, id, inputs: undefined, state: undefined });
  const uri = "ssh://root@192.0.2.11:22";
  const read = await handler.read(call, request(`${uri}#container-sidecar`));
  expect(read?.inputs).toEqual({ ...inputs, host: "h1", container: "sidecar", networkMode: "host" });
  expect(read?.outputs).toMatchObject({ ipv4Address: "192.0.2.11" });
  expect(await handler.read(call, request(`${uri}#container-none`))).toBeUndefined();
  await expect(handler.read(call, request("sidecar"))).rejects.toThrow("Write HOST#container-NAME");
  model.setContainer("alone", { networkMode: "none" });
  await expect(handler.read(call, request(`${uri}#container-alone`))).rejects.toThrow("must be host or container:NAME");
});
