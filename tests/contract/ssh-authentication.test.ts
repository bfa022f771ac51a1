import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SshConnection } from "../../provider/src/model/connection";
import { openSshTarget } from "../../provider/src/targets/ssh-target";
import { connectionTo, runOn } from "./support/connection";
import { makeKey, SshServer } from "./support/sshd";
import { waitFor } from "./support/wait";
import { textMatching } from "./support/matchers";

let server: SshServer;
let folder: string;
const before = process.env["SSH_AUTH_SOCK"];
const home = process.env["HOME"];

beforeAll(async () => {
  server = await SshServer.start();
  folder = mkdtempSync(join(tmpdir(), "sdn-keys-"));
  copyFileSync(server.privateKeyPath, join(folder, "locked"));
  execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", "open sesame", "-f", join(folder, "locked")]);
  makeKey(join(folder, "foreign"), "ed25519");
  writeFileSync(join(folder, "garbage"), "not a key, and secret-content\n");
});
afterAll(async () => {
  await server.dispose();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  delete process.env["SSH_AUTH_SOCK"];
});
afterEach(() => {
  restore("SSH_AUTH_SOCK", before);
  restore("HOME", home);
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
}

type Changes = { readonly [K in keyof SshConnection]?: SshConnection[K] | undefined };

async function attempt(changes: Changes): Promise<unknown> {
  const target = openSshTarget(connectionTo(server, { privateKey: undefined, ...changes }));
  try {
    return (await runOn(target, "echo in")).stdout;
  } catch (thrown) {
    return thrown;
  } finally {
    await target.close();
  }
}

const inFolder = (name: string) => join(folder, name);
const text = (name: string) => readFileSync(inFolder(name), "utf8");

describe("a private key", () => {
  test("as text logs in", async () => expect(await attempt({ privateKey: server.privateKey })).toBe("in\n"));

  test("by path logs in", async () => expect(await attempt({ privateKeyPath: server.privateKeyPath })).toBe("in\n"));

  test("by a path with ~ logs in", async () => {
    process.env["HOME"] = server.folder;
    expect(await attempt({ privateKeyPath: "~/client" })).toBe("in\n");
  });

  test("that is encrypted logs in with its passphrase, as text and by path", async () => {
    const passphrase = "open sesame";
    expect(await attempt({ privateKeyPath: inFolder("locked"), passphrase })).toBe("in\n");
    expect(await attempt({ privateKey: text("locked"), passphrase })).toBe("in\n");
  });
});

describe("is an error of code authentication that names the property:", () => {
  const cases: readonly (readonly [string, () => Changes, string, RegExp])[] = [
    ["no credentials at all", () => ({}), "connection.ssh", /no credentials.*privateKey or privateKeyPath/],
    ["no credentials but the agent's, and no agent", () => ({ agent: true }), "connection.ssh", /no credentials/],
    ["a missing file", () => ({ privateKeyPath: "/no/such" }), "connection.ssh.privateKeyPath", /does not exist/],
    ["a folder", () => ({ privateKeyPath: "/etc" }), "connection.ssh.privateKeyPath", /is a folder/],
    [
      "an encrypted key without passphrase",
      () => ({ privateKeyPath: inFolder("locked") }),
      "connection.ssh.privateKeyPath",
      /encrypted and no passphrase/,
    ],
    [
      "a wrong passphrase",
      () => ({ privateKey: text("locked"), passphrase: "wrong-secret" }),
      "connection.ssh.privateKey",
      /passphrase does not open/,
    ],
    ["something else", () => ({ privateKey: text("garbage") }), "connection.ssh.privateKey", /not a private key/],
    [
      "a public key",
      () => ({ privateKeyPath: inFolder("foreign.pub") }),
      "connection.ssh.privateKeyPath",
      /public key stands where/,
    ],
  ];
  test.each(cases)("%s", async (_name, changes, property, message) => {
    const error = await attempt(changes());
    expect(error).toMatchObject({
      code: "authentication",
      detail: { property },
      message: textMatching(message),
    });
    expect(String(error)).not.toMatch(/secret|BEGIN|sesame/);
  });

  test("an agent's socket that is gone", async () => {
    process.env["SSH_AUTH_SOCK"] = inFolder("no-socket");
    expect(await attempt({ agent: true })).toMatchObject({
      code: "authentication",
      detail: { property: "connection.ssh.agent" },
    });
  });

  test("a key that the server does not know, with user, key and what to do", async () => {
    const error = await attempt({ privateKeyPath: inFolder("foreign") });
    expect(error).toMatchObject({ code: "authentication" });
    expect(String(error)).toMatch(/refused user root.*foreign \(ssh-ed25519 SHA256:.*authorized_keys/);
  });
});

describe("an agent", () => {
  let agent: ChildProcess;
  const socket = () => inFolder("agent");
  beforeAll(async () => {
    agent = spawn("ssh-agent", ["-D", "-a", socket()], { stdio: "ignore" });
    await waitFor("the agent's socket", () => existsSync(socket()));
    const SSH_AUTH_SOCK = socket();
    execFileSync("ssh-add", ["-q", server.privateKeyPath], { env: { ...process.env, SSH_AUTH_SOCK }, stdio: "ignore" });
  });
  afterAll(async () => {
    const gone = new Promise((resolve) => agent.once("exit", resolve));
    agent.kill();
    await gone;
  });

  test("with the key logs in", async () => {
    process.env["SSH_AUTH_SOCK"] = socket();
    expect(await attempt({ agent: true })).toBe("in\n");
  });

  test("is asked after a key of the connection that was refused", async () => {
    process.env["SSH_AUTH_SOCK"] = socket();
    expect(await attempt({ agent: true, privateKeyPath: inFolder("foreign") })).toBe("in\n");
  });

  test("is not asked where the connection does not say so", async () => {
    process.env["SSH_AUTH_SOCK"] = socket();
    expect(await attempt({ agent: false, privateKeyPath: inFolder("foreign") })).toMatchObject({
      code: "authentication",
    });
  });
});
