import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSshTarget } from "../../provider/src/targets/ssh-target";
import { connectionTo, runOn } from "./support/connection";
import { keyFingerprint, makeKey, SshServer } from "./support/sshd";
import { textContaining } from "./support/matchers";

let server: SshServer;
let folder: string;
let foreignKey: string;
let foreignPrint: string;

beforeAll(async () => {
  server = await SshServer.start({ hostKeys: ["rsa", "ecdsa", "ed25519"] });
  folder = mkdtempSync(join(tmpdir(), "sdn-host-key-"));
  makeKey(join(folder, "foreign"), "ed25519");
  foreignKey = readFileSync(join(folder, "foreign.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  foreignPrint = keyFingerprint(join(folder, "foreign.pub"));
});
afterAll(async () => {
  await server.dispose();
  rmSync(folder, { recursive: true });
});

/** Whether the server is spoken to; else the error. */
async function attempt(trust: { readonly hostKey?: string; readonly knownHosts?: string }): Promise<unknown> {
  const target = openSshTarget(connectionTo(server, { hostKey: undefined, ...trust }));
  try {
    return (await runOn(target, "echo in")).stdout;
  } catch (thrown) {
    return thrown;
  } finally {
    await target.close();
  }
}

function knownHosts(...lines: readonly string[]): string {
  const path = join(folder, "known_hosts");
  writeFileSync(path, lines.join("\n") + "\n");
  return path;
}

const name = () => `[127.0.0.1]:${server.port}`;

describe("a key or fingerprint in hostKey", () => {
  test.each(["ed25519", "ecdsa", "rsa"])("of type %s is asked for and accepted", async (type) => {
    expect(await attempt({ hostKey: server.hostKey(type) })).toBe("in\n");
    expect(await attempt({ hostKey: `${server.hostKey(type)} root@somewhere` })).toBe("in\n");
    expect(await attempt({ hostKey: server.fingerprint(type) })).toBe("in\n");
  });

  test("that the server does not have is refused with both fingerprints, and no login is tried", async () => {
    const before = server.logins;
    const error = await attempt({ hostKey: foreignKey });
    expect(error).toMatchObject({ code: "host-key", detail: { property: "connection.ssh.hostKey" } });
    expect(String(error)).toContain(foreignPrint);
    expect(String(error)).toContain(server.fingerprint("ed25519"));
    expect(String(error)).toContain(server.hostKey("ed25519"));
    expect(server.logins).toBe(before);
  });

  test("that is a foreign fingerprint is refused with the fingerprints of all the server's keys", async () => {
    const error = await attempt({ hostKey: foreignPrint });
    expect(error).toMatchObject({ code: "host-key" });
    for (const type of ["ed25519", "ecdsa", "rsa"]) expect(String(error)).toContain(server.fingerprint(type));
  });

  test.each(["ssh-ed25519", "ssh-ed25519 AAAA", "SHA256:abc", "MD5:00:11", "", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA=="])(
    "%j is malformed",
    async (hostKey) => expect(await attempt({ hostKey })).toMatchObject({ code: "invalid-input" }),
  );
});

describe("known_hosts", () => {
  test("with the server's key lets it in, whichever of its types is listed", async () => {
    for (const type of ["ed25519", "ecdsa", "rsa"]) {
      expect(await attempt({ knownHosts: knownHosts("# mine", `${name()} ${server.hostKey(type)}`) })).toBe("in\n");
    }
  });

  test("hashed by ssh-keygen -H lets it in", async () => {
    const path = knownHosts(`other.example ${foreignKey}`, `${name()} ${server.hostKey()}`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", path], { stdio: "ignore" });
    expect(readFileSync(path, "utf8")).not.toContain("127.0.0.1");
    expect(await attempt({ knownHosts: path })).toBe("in\n");
  });

  test("without the host is refused with the server's fingerprint and key, and how to pin it", async () => {
    const before = server.logins;
    const error = await attempt({ knownHosts: knownHosts(`127.0.0.1 ${server.hostKey()}`) });
    expect(error).toMatchObject({ code: "host-key", detail: { property: "connection.ssh.knownHosts" } });
    expect(String(error)).toContain(`no entry for ${name()}`);
    expect(String(error)).toContain(server.fingerprint());
    expect(String(error)).toContain(`hostKey to "${server.hostKey()}"`);
    expect(String(error)).toContain("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    expect(server.logins).toBe(before);
  });

  test("that does not exist is refused, and says so", async () => {
    const error = await attempt({ knownHosts: join(folder, "absent") });
    expect(error).toMatchObject({ code: "host-key", message: textContaining("absent: it does not exist") });
  });

  test("with another key of the host is refused with both fingerprints, file and line", async () => {
    const path = knownHosts("", `${name()} ${foreignKey}`);
    const error = await attempt({ knownHosts: path });
    expect(error).toMatchObject({ code: "host-key" });
    for (const part of [foreignPrint, server.fingerprint(), path, "line 2"]) expect(String(error)).toContain(part);
  });

  test("that revokes the key refuses it, even where it also trusts it", async () => {
    const path = knownHosts(`${name()} ${server.hostKey()}`, `@revoked * ${server.hostKey()}`);
    expect(await attempt({ knownHosts: path })).toMatchObject({
      code: "host-key",
      message: textContaining("revoked"),
    });
  });

  test("that only names a certificate authority does not trust the authority's own key", async () => {
    const path = knownHosts(`@cert-authority * ${server.hostKey()}`);
    expect(await attempt({ knownHosts: path })).toMatchObject({ code: "host-key" });
  });
});
