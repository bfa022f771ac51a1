import { gatewayMac } from "../../../provider/src/compile/names";
import type { Value, ValueMap } from "../../../provider/src/rpc/value";
import { Secret, unknown } from "../../../provider/src/rpc/value";
import { addressing } from "../../support/intents";
import { connectionInput, FakeCall, urnOf, World } from "../../support/world";

const routerUrn = urnOf("sdn:index:VirtualNetwork$sdn:linux:Router", "shop-h1");
const segmentUrn = urnOf("sdn:index:Subnet$sdn:linux:Segment", "web-h1");
const routerSpec: ValueMap = { label: "shop", vni: 5000, mtu: 1450, cidr: "10.20.0.0/16" };
const segmentSpec: ValueMap = {
  label: "web",
  vni: 5001,
  routerVni: 5000,
  mtu: 1450,
  underlay: "192.0.2.11",
  port: 4789,
  peers: ["192.0.2.12"],
  ipv4: addressing.ipv4,
};

function bench() {
  const world = new World();
  const router = world.resource("sdn:linux:Router");
  const segment = world.resource("sdn:linux:Segment");
  const call = new FakeCall();
  const inputsOf = (spec: Value): ValueMap => ({ connection: connectionInput(world.host), host: "h1", spec });
  const createRouter = () => router.create(call, { urn: routerUrn, inputs: inputsOf(routerSpec), preview: false });
  return {
    world,
    model: world.host.model,
    target: world.host.target,
    router,
    segment,
    call,
    inputsOf,
    createRouter,
  };
}

describe("check", () => {
  test("names every wrong property at once", async () => {
    const { segment, call, inputsOf } = bench();
    const news = inputsOf({
      label: "web",
      vni: 0,
      routerVni: "5000",
      mtu: 100_000,
      underlay: "192.0.2.300",
      port: 4789,
      peers: ["192.0.2.12", "192.0.2"],
      ipv4: { cidr: "10.20.1.5/24", gateway: "10.20.1.1", router: "10.20.1.64", range: "10.20.1.64/28" },
      dockerNetwork: "a b",
      colour: "blue",
    });
    const { failures } = await segment.check(call, { urn: segmentUrn, olds: undefined, news });
    expect(failures.map(({ property, reason }) => `${property}: ${reason}`)).toEqual([
      "spec.vni: must be a whole number from 1 to 16777215 (got 0).",
      'spec.routerVni: must be a whole number from 1 to 16777215 (got "5000").',
      "spec.mtu: must be a whole number from 576 to 65535 (got 100000).",
      'spec.underlay: the value is not an IP address (got "192.0.2.300"). Write an address such as 192.0.2.10 or 2001:db8::10.',
      'spec.peers[1]: the value is not an IP address (got "192.0.2"). Write an address such as 192.0.2.10 or 2001:db8::10.',
      'spec.ipv4.cidr: the value has host bits set (got "10.20.1.5/24"). Write 10.20.1.0/24 for the block or 10.20.1.5/32 for the one address.',
      'spec.dockerNetwork: the value is not a valid Docker name (got "a b"). Write 1 to 128 letters, digits, underscores, dots or hyphens, beginning with a letter or digit.',
      "spec.colour: is not a property here. The properties are dockerNetwork, internal, ipv4, ipv6, label, mtu, peers, policyRoutes, port, routerVni, routes, underlay, vni.",
    ]);
  });

  test.each<[string, ValueMap, readonly string[]]>([
    ["nothing at all", {}, ["connection", "host", "spec"]],
    ["an unknown host", { connection: unknown, host: unknown, spec: unknown }, []],
    ["an unknown part", { connection: { kind: "local" }, host: "h1", spec: { ...routerSpec, vni: unknown } }, []],
    [
      "an address space that is missing a part",
      { connection: { kind: "local" }, host: "h1", spec: { ...routerSpec, egress: { ipv4: { host: "100.64.0.0" } } } },
      ["spec.egress.ipv4.router"],
    ],
    [
      "a name that a shell would run",
      { connection: { kind: "local" }, host: "h1", spec: { ...routerSpec, label: "a;reboot" } },
      ["spec.label"],
    ],
    [
      "another kind of connection",
      { connection: { kind: "telnet" }, host: "h1", spec: routerSpec },
      ["connection.kind"],
    ],
  ])("%s: wrong properties are %s", async (_name, news, properties) => {
    const { router, call } = bench();
    const { failures } = await router.check(call, { urn: routerUrn, olds: undefined, news });
    expect(failures.map(({ property }) => property)).toEqual(properties);
  });

  test.each<[string, ValueMap, readonly string[]]>([
    ["no prefix length", { ipv4: { address: "10.20.1.5", gateway: "10.20.1.1" } }, ["spec.ipv4.address"]],
    ["a prefix length that is none", { ipv4: { address: "10.20.1.5/x", gateway: "10.20.1.1" } }, ["spec.ipv4.address"]],
    [
      "a prefix length that is too long",
      { ipv4: { address: "10.20.1.5/33", gateway: "10.20.1.1" } },
      ["spec.ipv4.address"],
    ],
    [
      "an attachment without its container",
      { attachment: { kind: "docker", network: "n" } },
      ["spec.attachment.container"],
    ],
    ["a gateway without its address", { ipv6: { gateway: "fd00::1" } }, ["spec.ipv6.address"]],
    ["a gateway that is none", { ipv6: { address: "fd00::5/64", gateway: "fd00::g" } }, ["spec.ipv6.gateway"]],
  ])("a port with %s: wrong properties are %s", async (_name, changes, properties) => {
    const { world, call, inputsOf } = bench();
    const spec = { label: "box", name: "box", vni: 5001, routerVni: 5000, mtu: 1450, mac: "02:42:0a:14:01:05" };
    const attachment = { kind: "interface", interface: "ens4" };
    const news = inputsOf({ ...spec, attachment, ...changes });
    const port = world.resource("sdn:linux:Port");
    const { failures } = await port.check(call, { urn: urnOf("sdn:linux:Port", "box"), olds: undefined, news });
    expect(failures.map(({ property }) => property)).toEqual(properties);
  });
});

describe("preview", () => {
  test("with unknown inputs the outputs are unknown, and no host is asked", async () => {
    const { router, call, inputsOf, target } = bench();
    const inputs = inputsOf({ ...routerSpec, vni: unknown });
    expect(await router.create(call, { urn: routerUrn, inputs, preview: true })).toEqual({
      id: unknown,
      outputs: { ...inputs, generation: unknown, drift: [] },
    });
    expect(target.executions).toBe(0);
  });

  test("changes nothing on the host", async () => {
    const { router, call, inputsOf, model } = bench();
    const before = model.contents;
    const { id } = await router.create(call, { urn: routerUrn, inputs: inputsOf(routerSpec), preview: true });
    expect(id).toBe(unknown);
    expect(model.contents).toEqual(before);
  });

  test("names everything that stands in the way, at once", async () => {
    const { segment, call, inputsOf, model } = bench();
    model.setLink("sdn-b-5001", {});
    model.setLink("vx9", { kind: "vxlan", vxlan: { id: 5001, local: "192.0.2.11", port: 4789 } });
    model.setLedger("segment-5001", { generation: 1, hash: "0", mark: "sdn:other/dev:segment-5001", intent: "{}" });
    model.setDockerNetwork("old", ["10.20.0.0/16"]);
    model.setDockerNetwork("shop-web", ["172.30.0.0/16"]);
    const inputs = inputsOf({ ...segmentSpec, dockerNetwork: "shop-web" });
    const failed = segment.create(call, { urn: segmentUrn, inputs, preview: true });
    await expect(failed).rejects.toMatchObject({ code: "conflict" });
    await expect(failed).rejects.toThrow(
      [
        "host h1, web: interface sdn-b-5001 exists already and carries no mark of sdn. Remove it, or use another VNI (Fabric.vniRange)",
        "host h1, web: VNI 5001 is in use on this host by sdn:other/dev:segment-5001. Give the two fabrics disjoint VNI ranges (Fabric.vniRange)",
        "host h1, web: VNI 5001 is in use by interface vx9. Set Fabric.vniRange",
        'host h1, web, cidr: Docker network old has 10.20.0.0/16 on this engine, and an engine refuses overlapping pools (got "10.20.1.0/24"). Choose another CIDR, or set docker: false on one of the subnets and attach its containers with networkMode: none',
        "host h1, web: a Docker network shop-web exists already. Rename one of the two.",
      ].join("; "),
    );
  });

  test("a host that does not answer is a warning; making it is an error", async () => {
    const { router, call, inputsOf, target } = bench();
    target.failBefore(1).failBefore(2);
    const request = { urn: routerUrn, inputs: inputsOf(routerSpec) };
    expect((await router.create(call, { ...request, preview: true })).id).toBe(unknown);
    expect(call.warnings).toHaveLength(1);
    expect(call.warnings[0]).toMatch(
      /^host h1 \(ssh:\/\/root@192\.0\.2\.11:22\): .* It was not checked whether this change fits the host\.$/,
    );
    await expect(router.create(call, { ...request, preview: false })).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("create", () => {
  test("makes it and says where it is", async () => {
    const { createRouter, inputsOf, model } = bench();
    expect(await createRouter()).toEqual({
      id: "ssh://root@192.0.2.11:22#router-5000",
      outputs: { ...inputsOf(routerSpec), generation: 1, drift: [] },
    });
    expect(model.hasNamespace("sdn-r-5000")).toBe(true);
  });

  test("a refusal of the host is told with what to do", async () => {
    const { createRouter, model } = bench();
    model.setLink("eth0", {}, "sdn-r-5000");
    await expect(createRouter()).rejects.toThrow(
      "host h1, shop: network namespace sdn-r-5000 exists and is not ours: it carries no mark. " +
        "Remove or rename what is in the way, or let this network use another VNI (Fabric.vniRange).",
    );
  });

  test("a host that takes the change but does not keep it is an error", async () => {
    const { world, segment, call, inputsOf, createRouter, model } = bench();
    await createRouter();
    // Something on the host takes the gateway's address away as soon as it is there.
    const { setLink } = model;
    const run = model.run.bind(model);
    model.run = (stdin) => {
      run(stdin.replace(/^(report|query_.*)$/gm, "lock"));
      setLink.call(model, "a5001", { addresses: [] }, "sdn-r-5000");
      return run(requestWithoutChanges(stdin)).replace(/complete\n$/, "result segment-5001 ok 1\ncomplete\n");
    };
    const inputs = inputsOf(segmentSpec);
    await expect(segment.create(call, { urn: segmentUrn, inputs, preview: false })).rejects.toThrow(
      "host h1, web: the host took the change, but then showed: address 10.20.1.1/32 of a5001 in sdn-r-5000 is missing. " +
        "Something else on the host undoes it; find that and run again.",
    );
    expect(world.host.target.executions).toBe(2);
  });
});

const requestWithoutChanges = (stdin: string): string => stdin.replace(/^begin (.|\n)*?^(end|forget).*\n/gm, "");

describe("read", () => {
  test("what is not there is not there", async () => {
    const { router, call, inputsOf } = bench();
    const request = { urn: routerUrn, id: "x", inputs: inputsOf(routerSpec), state: {} };
    expect(await router.read(call, request)).toBeUndefined();
  });

  test("what was changed by hand is drift, which the next run repairs", async () => {
    const { segment, call, inputsOf, createRouter, model } = bench();
    await createRouter();
    const inputs = inputsOf(segmentSpec);
    const { id, outputs } = await segment.create(call, { urn: segmentUrn, inputs, preview: false });
    const identified = { urn: segmentUrn, id: String(id) };
    model.setLink("sdn-b-5001", { mtu: 1300 });
    model.setLink("a5001", { addresses: [] }, "sdn-r-5000");
    model.removeLink("sdn-v-5001");
    const read = await segment.read(call, { ...identified, inputs, state: outputs });
    const drift = [
      "MTU of sdn-b-5001 is 1300, should be 1450",
      "interface sdn-v-5001 is missing",
      "address 10.20.1.1/32 of a5001 in sdn-r-5000 is missing",
    ];
    expect(read).toEqual({ id, inputs, outputs: { ...inputs, generation: 1, drift } });
    expect(call.warnings).toEqual(drift.map((sentence) => `host h1: ${sentence}. \`pulumi up\` repairs it.`));
    const olds = read?.outputs ?? {};
    const asked = { ...identified, olds, oldInputs: inputs, news: inputs };
    const diff = await segment.diff(call, { ...asked, ignoreChanges: [] });
    expect([diff.changes, [...diff.detailedDiff]]).toEqual([true, [["drift", { kind: "delete", inputDiff: false }]]]);
    expect(await segment.update(call, { ...asked, preview: false })).toEqual({ ...inputs, generation: 1, drift: [] });
    expect((await segment.read(call, { ...identified, inputs, state: olds }))?.outputs["drift"]).toEqual([]);
  });

  test("a host that was started anew and lost everything is drift, not a deletion", async () => {
    const { router, call, inputsOf, createRouter, model } = bench();
    const { id, outputs } = await createRouter();
    model.reboot();
    const read = await router.read(call, {
      urn: routerUrn,
      id: String(id),
      inputs: inputsOf(routerSpec),
      state: outputs,
    });
    expect(read?.outputs["drift"]).toContain("router namespace sdn-r-5000 is missing");
  });

  test("a host that does not answer is an error, never a deletion", async () => {
    const { router, call, inputsOf, createRouter, target } = bench();
    const { id, outputs } = await createRouter();
    target.failBefore(2);
    const request = { urn: routerUrn, id: String(id), inputs: inputsOf(routerSpec), state: outputs };
    await expect(router.read(call, request)).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("import", () => {
  test("by the id alone gives inputs that check accepts and that differ in nothing from the program's", async () => {
    const { segment, call, inputsOf, createRouter } = bench();
    await createRouter();
    const written = inputsOf(segmentSpec);
    const { id } = await segment.create(call, { urn: segmentUrn, inputs: written, preview: false });
    const read = await segment.read(call, { urn: segmentUrn, id: String(id), inputs: undefined, state: undefined });
    const { inputs = {}, outputs = {} } = read ?? {};
    const checked = await segment.check(call, { urn: segmentUrn, olds: inputs, news: written });
    expect(checked.failures).toEqual([]);
    const asked = { urn: segmentUrn, id: String(id), olds: outputs, oldInputs: inputs, news: checked.inputs };
    expect(await segment.diff(call, { ...asked, ignoreChanges: [] })).toMatchObject({ changes: false });
  });

  test("what no host remembers does not exist", async () => {
    const { router, call, world } = bench();
    const id = `${world.host.uri}#router-4711`;
    expect(await router.read(call, { urn: routerUrn, id, inputs: undefined, state: undefined })).toBeUndefined();
  });

  test.each([
    ["router-5000", "is not an id of this resource"],
    ["ssh://root@192.0.2.11:22#segment-5000", "is not an id of this resource"],
    ["ftp://192.0.2.11#router-5000", "is not an id of this resource"],
  ])("%s: %s", async (id, message) => {
    const { router, call } = bench();
    const failed = router.read(call, { urn: routerUrn, id, inputs: undefined, state: undefined });
    await expect(failed).rejects.toThrow(message);
  });

  test("what another stack made is its own", async () => {
    const { router, call, createRouter } = bench();
    const { id } = await createRouter();
    const urn = urnOf("sdn:index:VirtualNetwork$sdn:linux:Router", "shop-h1", { stack: "prod" });
    await expect(router.read(call, { urn, id: String(id), inputs: undefined, state: undefined })).rejects.toThrow(
      "belongs to shop/dev, not to shop/prod",
    );
  });
});

describe("diff", () => {
  test.each<[string, ValueMap, readonly string[], boolean]>([
    ["nothing", {}, [], false],
    ["another MTU", { mtu: 1400 }, ["update spec.mtu"], false],
    ["another peer", { peers: ["192.0.2.13"] }, ["update spec.peers[0]"], false],
    ["another VNI", { vni: 5002 }, ["update-replace spec.vni"], false],
    ["a VNI that is not known yet", { vni: unknown }, ["update-replace spec.vni"], false],
  ])("%s", async (_name, changes, expected, deleteBeforeReplace) => {
    const { segment, call, inputsOf } = bench();
    const [oldInputs, news] = [inputsOf(segmentSpec), inputsOf({ ...segmentSpec, ...changes })];
    const olds = { ...oldInputs, generation: 1, drift: [] };
    const diff = await segment.diff(call, { urn: segmentUrn, id: "x", olds, oldInputs, news, ignoreChanges: [] });
    expect([...diff.detailedDiff].map(([path, { kind }]) => `${kind} ${path}`)).toEqual(expected);
    expect([diff.changes, diff.deleteBeforeReplace]).toEqual([expected.length > 0, deleteBeforeReplace]);
  });
});

describe("delete", () => {
  test("takes it away; once more is fine; a host that does not answer is an error", async () => {
    const { router, call, inputsOf, createRouter, model, target } = bench();
    const { id, outputs } = await createRouter();
    const request = { urn: routerUrn, id: String(id), inputs: inputsOf(routerSpec), outputs };
    await router.delete(call, request);
    expect([model.hasNamespace("sdn-r-5000"), model.ledgerKeys]).toEqual([false, []]);
    await router.delete(call, request);
    expect(call.warnings).toEqual([]);
    target.failBefore(4);
    await expect(router.delete(call, request)).rejects.toMatchObject({ code: "unreachable" });
  });

  test("what is somebody else's by now stays, and the user hears of it", async () => {
    const { router, call, inputsOf, createRouter, model } = bench();
    const { id, outputs } = await createRouter();
    model.setLink("lo", { alias: "sdn:other/dev:router-5000" }, "sdn-r-5000");
    await router.delete(call, { urn: routerUrn, id: String(id), inputs: inputsOf(routerSpec), outputs });
    expect(call.warnings).toEqual(["host h1: network namespace sdn-r-5000 is not ours any more and stays"]);
    expect(model.hasNamespace("sdn-r-5000")).toBe(true);
  });
});

test("a changed stack that was planned from an older generation is refused with what to do", async () => {
  const { router, call, inputsOf, createRouter, model } = bench();
  const { id, outputs } = await createRouter();
  const entry = model.contents.ledger.get("router-5000");
  model.setLedger("router-5000", { generation: 7, hash: "0", mark: entry?.mark ?? "", intent: "{}" });
  const oldInputs = inputsOf(routerSpec);
  const news = inputsOf({ ...routerSpec, mtu: 1400 });
  await expect(
    router.update(call, { urn: routerUrn, id: String(id), olds: outputs, oldInputs, news, preview: false }),
  ).rejects.toThrow(
    "host h1, shop: router-5000 has generation 7 on the host, this state was written for 1. " +
      "Run `pulumi refresh`, look at what the other run changed, and run again.",
  );
});

test("keys appear in outputs as secrets only", async () => {
  const { router, world, call } = bench();
  const jump = { address: "192.0.2.1", privateKey: new Secret("JUMP-KEY"), passphrase: new Secret("JUMP-PHRASE") };
  const connection = {
    ...connectionInput(world.host),
    privateKey: new Secret("THE-KEY"),
    passphrase: new Secret("THE-PHRASE"),
    agent: false,
    jump,
  };
  const inputs = { connection, host: "h1", spec: routerSpec };
  const { id, outputs } = await router.create(call, { urn: routerUrn, inputs, preview: false });
  const shown = JSON.stringify([id, outputs, call.logged, world.host.model.contents.ledger.get("router-5000")]);
  expect(shown).toContain("[secret]");
  expect(shown).not.toMatch(/KEY"|PHRASE/);
});

test("the anycast gateway has one MAC address wherever it is", () => {
  expect(gatewayMac(5001)).toBe("0a:5d:78:60:44:50");
});
