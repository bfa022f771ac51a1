/** What a host did by itself, as `refresh` tells it. */
import type { HostEvent } from "../../../provider/src/model/snapshot";
import { eventSentence } from "../../../provider/src/resources/host-events";
import type { ValueMap } from "../../../provider/src/rpc/value";
import { connectionInput, FakeCall, urnOf, World } from "../../support/world";

const urn = urnOf("sdn:index:Host", "h1");
const inputs: ValueMap = { ssh: { address: "192.0.2.11" } };
const id = "ssh://root@192.0.2.11:22";

function bench() {
  const world = new World();
  const handler = world.resource("sdn:index:Host");
  const read = async (state: ValueMap) => {
    const call = new FakeCall();
    const result = await handler.read(call, { urn, id, inputs, state });
    return {
      outputs: result?.outputs ?? {},
      logged: call.logged.map(({ severity, message }) => `${severity}: ${message}`),
    };
  };
  const diff = (olds: ValueMap) =>
    handler.diff(new FakeCall(), { urn, id, olds, oldInputs: inputs, news: inputs, ignoreChanges: [] });
  const create = () => handler.create(new FakeCall(), { urn, inputs, preview: false });
  return { world, handler, model: world.host.model, target: world.host.target, read, diff, create };
}

test.each<[Omit<HostEvent, "time">, string]>([
  [
    { kind: "restored", resource: "-", detail: "5" },
    "was started; sdn-restore made 5 resources again before Docker, at TIME.",
  ],
  [
    { kind: "restored", resource: "-", detail: "1" },
    "was started; sdn-restore made 1 resource again before Docker, at TIME.",
  ],
  [
    { kind: "repaired", resource: "segment-4097", detail: "interface sdn-b-4097 was missing" },
    "sdn-assert repaired segment-4097 at TIME: interface sdn-b-4097 was missing.",
  ],
  [
    { kind: "rolled-back", resource: "firewall", detail: "no new connection proved the change in time" },
    "put the firewall of before back at TIME: no new connection proved the change in time. `pulumi up` after this refresh tries again.",
  ],
  [
    { kind: "failed", resource: "port-4097-web", detail: "interface ens9 does not exist" },
    "port-4097-web could not be made again at TIME: interface ens9 does not exist.",
  ],
  [
    { kind: "damaged", resource: "segment-4098", detail: "the saved record is damaged (wrong checksum)" },
    "segment-4098 was not made again at TIME: the saved record is damaged (wrong checksum). `pulumi up` after this refresh writes it anew.",
  ],
])("%j in words", (event, sentence) => {
  expect(eventSentence({ ...event, time: "TIME" })).toBe(sentence);
});

describe("refresh", () => {
  test("tells what the state does not know yet, once, and asks for no change", async () => {
    const { model, read, diff, create } = bench();
    const { outputs } = await create();
    model.addEvent("restored", "-", "5");
    model.addEvent("repaired", "segment-4097", "interface sdn-b-4097 was missing");
    const first = await read(outputs);
    expect(first.logged).toEqual([
      "info: host h1: was started; sdn-restore made 5 resources again before Docker, at 2026-01-01T00:00:00Z.",
      "warning: host h1: sdn-assert repaired segment-4097 at 2026-01-01T00:00:01Z: interface sdn-b-4097 was missing.",
    ]);
    expect(await diff(first.outputs)).toMatchObject({ changes: false });
    // As the state gives them back: with their properties in another order.
    const events = (first.outputs["events"] as readonly ValueMap[]).map((event) =>
      Object.fromEntries(Object.entries(event).reverse()),
    );
    expect((await read({ ...first.outputs, events })).logged).toEqual([]);
  });

  test("finds that the means of coming back are damaged, and the update mends them in one execution", async () => {
    const { handler, model, target, read, diff, create } = bench();
    const { outputs } = await create();
    model.persistence = "damaged";
    const { outputs: olds, logged } = await read(outputs);
    expect(logged).toEqual([
      "warning: host h1: what restores the networks when the host starts (units and program of sdn) is damaged, missing or stopped. `pulumi up` repairs it.",
    ]);
    const { changes, detailedDiff } = await diff(olds);
    expect([changes, [...detailedDiff.keys()]]).toEqual([true, ["facts"]]);
    const before = target.executions;
    const update = { urn, id, olds, oldInputs: inputs, news: inputs, preview: false };
    const updated = await handler.update(new FakeCall(), update);
    expect(target.executions - before).toBe(1);
    expect(updated["facts"]).toMatchObject({ persistence: "systemd" });
    expect(await diff(updated)).toMatchObject({ changes: false });
    expect((await read(updated)).logged).toEqual([]);
  });

  test("says where units cannot be written; where there is no systemd it is a fact and no warning", async () => {
    const { model, read, diff } = bench();
    model.persistence = "read-only";
    const { logged, outputs } = await read({});
    expect(logged).toEqual([expect.stringContaining("/etc/systemd/system is read-only")]);
    expect(await diff(outputs)).toMatchObject({ changes: false });
    model.persistence = "none";
    expect((await read({})).logged).toEqual([]);
  });
});

describe("the record of a resource", () => {
  const routerUrn = urnOf("sdn:index:VirtualNetwork$sdn:linux:Router", "shop-h1");
  const spec: ValueMap = { label: "shop", vni: 5000, mtu: 1450, cidr: "10.20.0.0/16" };

  test.each([
    ["damaged", "the host's record of this resource is damaged (wrong checksum): a restart will not restore it", 2],
    ["old", "the host's record of this resource is of an older version of sdn: a restart will not restore it", 1],
  ] as const)("that is %s is drift, which an update repairs", async (how, sentence, generation) => {
    const { world, model } = bench();
    const router = world.resource("sdn:linux:Router");
    const routerInputs = { connection: connectionInput(world.host), host: "h1", spec };
    const call = new FakeCall();
    const created = await router.create(call, { urn: routerUrn, inputs: routerInputs, preview: false });
    model.spoilRecord("router-5000", how);
    const asked = { urn: routerUrn, id: String(created.id) };
    const found = await router.read(call, { ...asked, inputs: routerInputs, state: created.outputs });
    expect(found?.outputs["drift"]).toEqual([sentence]);
    const updated = await router.update(call, {
      ...asked,
      olds: found?.outputs ?? {},
      oldInputs: routerInputs,
      news: routerInputs,
      preview: false,
    });
    expect(updated).toMatchObject({ generation, drift: [] });
    const again = await router.read(call, { ...asked, inputs: routerInputs, state: updated });
    expect(again?.outputs["drift"]).toEqual([]);
  });
});
