import type { ValueMap } from "../../../provider/src/rpc/value";
import { Secret, unknown } from "../../../provider/src/rpc/value";
import type { ModelOptions } from "../../support/model-host";
import { FakeCall, urnOf, World } from "../../support/world";

const token = "sdn:index:Host";
const urn = urnOf(token, "h1");
const inputs: ValueMap = { ssh: { address: "192.0.2.11" } };

function bench(options: ModelOptions = {}) {
  const world = new World([options]);
  const handler = world.resource(token);
  const call = new FakeCall();
  const create = (changes: ValueMap = {}, preview = false) =>
    handler.create(call, { urn, inputs: { ...inputs, ...changes }, preview });
  const failures = async (news: ValueMap) =>
    (await handler.check(call, { urn, olds: undefined, news })).failures.map(
      ({ property, reason }) => `${property}: ${reason}`,
    );
  return { handler, call, create, failures, target: world.host.target, model: world.host.model };
}

describe("check", () => {
  test.each<[string, ValueMap, readonly string[]]>([
    ["nothing", {}, ["ssh: nothing says how to reach the host. Give exactly one of ssh, local (true) and namespace."]],
    [
      "two ways",
      { ssh: { address: "192.0.2.11" }, local: true },
      ["ssh: ssh and local exclude each other. Give exactly one of ssh, local (true) and namespace."],
    ],
    [
      "everything wrong at once",
      {
        ssh: { address: "a b", port: 0, user: "root;id", hostKey: "AAAA", connectTimeout: "5", password: "x" },
        underlayAddress: "10.0.0.0/8",
        colour: "blue",
      },
      [
        'ssh.address: the value is not a valid DNS name (got "a b"). Write labels of 1 to 63 letters, digits or inner hyphens separated by dots, at most 253 characters in all, the last label not all digits.',
        'ssh.hostKey: is not a host key (got "AAAA"). Write the line from ssh-keyscan ("ssh-ed25519 AAAA…") or a fingerprint ("SHA256:…").',
        "ssh.port: must be a whole number from 1 to 65535 (got 0).",
        'ssh.user: is not a user name (got "root;id").',
        'ssh.connectTimeout: must be a whole number from 1 to 600 (got "5").',
        "ssh.password: is not a property here. The properties are address, agent, connectTimeout, hostKey, jump, knownHosts, passphrase, port, privateKey, privateKeyPath, user.",
        'underlayAddress: the value is not an IP address (got "10.0.0.0/8"). Write the address alone, without a prefix length.',
        "colour: is not a property here. The properties are local, namespace, retired, ssh, underlayAddress.",
      ],
    ],
    [
      "a namespace that routers' names could not hold",
      { namespace: "a--b" },
      ['namespace: must not contain "--" (got "a--b").'],
    ],
    [
      "a jump host without an address",
      { ssh: { address: "h", jump: {} } },
      ["ssh.jump.address: is required and missing. Give an IP address or DNS name."],
    ],
    ["unknown values", { ssh: { address: unknown, privateKey: new Secret(unknown) } }, []],
  ])("%s", async (_name, news, expected) => {
    expect(await bench().failures(news)).toEqual(expected);
  });
});

describe("create", () => {
  test("says what was found", async () => {
    expect(await bench().create()).toEqual({
      id: "ssh://root@192.0.2.11:22",
      outputs: {
        ...inputs,
        connection: { kind: "ssh", address: "192.0.2.11", port: 22, user: "root", agent: true, connectTimeout: 10 },
        uri: "ssh://root@192.0.2.11:22",
        facts: {
          kernel: "6.1.0",
          architecture: "x86_64",
          os: "Debian GNU/Linux 12 (bookworm)",
          hostname: "h1",
          iproute2: "6.1.0",
          nftables: "1.0.6",
          persistence: "systemd",
          dockerVersion: "20.10.24",
          dockerApiVersion: "1.41",
        },
        hasDocker: true,
        underlayAddress: "192.0.2.11",
        underlayInterface: "ens3",
        underlayMtu: 1500,
        events: [],
      },
    });
  });

  test("in a preview the host is looked at, and has no id yet", async () => {
    const { create, target } = bench();
    expect(await create({}, true)).toMatchObject({ id: unknown, outputs: { hasDocker: true, underlayMtu: 1500 } });
    expect(target.executions).toBe(1);
  });

  test("an address that is not known yet: everything is unknown and nobody is asked", async () => {
    const { create, target } = bench();
    const { id, outputs } = await create({ ssh: { address: unknown } }, true);
    expect([id, outputs["uri"], outputs["facts"], target.executions]).toEqual([unknown, unknown, unknown, 0]);
  });

  test("a host that does not answer is a warning in a preview, with what is known of it, and else an error", async () => {
    const { create, target, call } = bench();
    target.failBefore(1).failBefore(2);
    const { id, outputs } = await create({}, true);
    expect(id).toBe(unknown);
    expect(outputs).toMatchObject({ uri: "ssh://root@192.0.2.11:22", facts: unknown, underlayMtu: unknown });
    expect(outputs["connection"]).toMatchObject({ address: "192.0.2.11" });
    expect(call.warnings).toHaveLength(1);
    await expect(create()).rejects.toMatchObject({ code: "unreachable" });
  });

  test.each<[string, ModelOptions, string]>([
    [
      "lacks several things",
      { facts: { features: "bridge veth macvlan nftables" } },
      "host h1: the host lacks the kernel's VXLAN. Load the module vxlan; " +
        "host h1: the host lacks nftables NAT. Load the module nft_chain_nat; " +
        "host h1: the host lacks nftables of the bridge family. Load the module nf_tables for bridges.",
    ],
    [
      "has no nft: its features are not guessed at",
      { facts: { nftables: "", features: "bridge vxlan veth macvlan" } },
      "host h1: the host lacks nftables. Install the package nftables.",
    ],
    [
      "is not entered as root",
      { facts: { uid: "1000", features: "" } },
      "host h1: the host lacks the privilege: sdn runs as root or by sudo -n. Use root or a user with password-less sudo.",
    ],
    [
      "has no iproute2",
      { facts: { iproute2: "", features: "" } },
      "host h1: the host lacks iproute2. Install the package iproute2.",
    ],
    [
      "does not tell its underlay",
      { facts: { underlay: "" } },
      "host h1, underlayAddress: the address that reaches the other hosts cannot be told. Set it to one of 192.0.2.11.",
    ],
  ])("a host that %s", async (_name, options, message) => {
    await expect(bench(options).create()).rejects.toThrow(message);
  });

  test("an underlay address that it has not", async () => {
    await expect(bench().create({ underlayAddress: "192.0.2.99" })).rejects.toThrow(
      'host h1, underlayAddress: is not an address of this host (got "192.0.2.99"). Set it to one of 192.0.2.11.',
    );
  });

  test("the address that the user gives, in whatever form it is written", async () => {
    const { create, model } = bench();
    model.setLink("ens4", { addresses: ["2001:db8::11/64"], mtu: 9000, up: true });
    expect((await create({ underlayAddress: "2001:DB8:0::11" })).outputs).toMatchObject({
      underlayAddress: "2001:db8::11",
      underlayInterface: "ens4",
      underlayMtu: 9000,
    });
  });

  test("a host without an engine", async () => {
    expect((await bench({ docker: false }).create()).outputs).toMatchObject({ hasDocker: false });
  });
});

describe("read", () => {
  test.each([
    ["ssh://root@192.0.2.11:22", { ssh: { address: "192.0.2.11", port: 22, user: "root" } }],
    ["ssh://192.0.2.11", { ssh: { address: "192.0.2.11", port: 22, user: "root" } }],
  ])("imports %s", async (id, expected) => {
    const { handler, call } = bench();
    const read = await handler.read(call, { urn, id, inputs: undefined, state: undefined });
    expect(read).toMatchObject({ inputs: expected, outputs: { underlayMtu: 1500 } });
    const { failures } = await handler.check(call, { urn, olds: undefined, news: read?.inputs ?? {} });
    expect(failures).toEqual([]);
    const asked = { urn, id, olds: read?.outputs ?? {}, oldInputs: read?.inputs ?? {}, news: read?.inputs ?? {} };
    expect(await handler.diff(call, { ...asked, ignoreChanges: [] })).toMatchObject({ changes: false });
  });

  test.each(["", "192.0.2.11", "ssh://", "ssh://a b", "netns:", "netns:a/b", "ssh://[::1", "ssh://h:port"])(
    "%j is not an id",
    async (id) => {
      const { handler, call } = bench();
      await expect(handler.read(call, { urn, id, inputs: undefined, state: undefined })).rejects.toThrow(
        "does not say how to reach the host",
      );
    },
  );

  test("a host that does not answer is an error, never a deletion", async () => {
    const { handler, call, create, target } = bench();
    const { outputs } = await create();
    target.failBefore(2);
    await expect(
      handler.read(call, { urn, id: "ssh://root@192.0.2.11:22", inputs, state: outputs }),
    ).rejects.toMatchObject({ code: "unreachable" });
  });

  test("sees what changed", async () => {
    const { handler, call, create, model } = bench();
    const { id, outputs } = await create();
    model.setLink("ens3", { mtu: 9000 });
    const read = await handler.read(call, { urn, id: String(id), inputs, state: outputs });
    expect(read?.outputs["underlayMtu"]).toBe(9000);
  });
});

describe("secrets", () => {
  const keys = { privateKey: "THE-KEY", passphrase: "THE-PHRASE" };
  const jump = { address: "192.0.2.1", privateKey: "JUMP-KEY", passphrase: "JUMP-PHRASE" };

  test.each<[string, ValueMap]>([
    ["given in clear", { address: "192.0.2.11", ...keys, jump }],
    [
      "given as secrets",
      {
        address: "192.0.2.11",
        privateKey: new Secret(keys.privateKey),
        passphrase: new Secret(keys.passphrase),
        jump: { ...jump, privateKey: new Secret(jump.privateKey), passphrase: new Secret(jump.passphrase) },
      },
    ],
    [
      "given in an object that is a secret",
      new Secret({ address: "192.0.2.11", ...keys, jump }) as unknown as ValueMap,
    ],
  ])("keys %s are in inputs, outputs and messages as secrets only", async (_name, ssh) => {
    const { handler, call, model } = bench();
    const checked = await handler.check(call, { urn, olds: undefined, news: { ssh } });
    expect(checked.failures).toEqual([]);
    const created = await handler.create(call, { urn, inputs: checked.inputs, preview: false });
    const read = await handler.read(call, {
      urn,
      id: String(created.id),
      inputs: checked.inputs,
      state: created.outputs,
    });
    const shown = JSON.stringify([checked.inputs, created, read, call.logged, [...model.contents.ledger]]);
    expect(shown).toContain("[secret]");
    expect(shown).not.toMatch(/THE-KEY|JUMP-KEY|PHRASE/);
  });
});
