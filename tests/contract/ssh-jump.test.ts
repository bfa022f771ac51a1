import { openSshTarget } from "../../provider/src/targets/ssh-target";
import { connectionTo, runOn } from "./support/connection";
import { freePort, SshServer } from "./support/sshd";
import { describeTargetContract } from "./target.contract";
import { textMatching } from "./support/matchers";

let host: SshServer;
let jump: SshServer;
let outer: SshServer;
beforeAll(async () => {
  [host, jump, outer] = await Promise.all([SshServer.start(), SshServer.start(), SshServer.start()]);
});
afterAll(() => Promise.all([host.dispose(), jump.dispose(), outer.dispose()]));

describeTargetContract("ssh through a jump host", {
  open: () => openSshTarget(connectionTo(host, { jump: connectionTo(jump) })),
});

test("goes through two jump hosts, one connection each, and ends all of them", async () => {
  const before = [host.logins, jump.logins, outer.logins];
  const target = openSshTarget(connectionTo(host, { jump: connectionTo(jump, { jump: connectionTo(outer) }) }));
  await Promise.all([runOn(target, ":"), runOn(target, ":")]);
  expect([host.logins, jump.logins, outer.logins].map((now, index) => now - (before[index] ?? 0))).toEqual([1, 1, 1]);
  await target.close();
});

test("a jump host with another key than the pinned is refused, and the host is not spoken to", async () => {
  const before = host.logins;
  const target = openSshTarget(connectionTo(host, { jump: connectionTo(jump, { hostKey: host.hostKey() }) }));
  await expect(runOn(target, ":")).rejects.toMatchObject({
    code: "host-key",
    detail: { property: "connection.ssh.jump.hostKey", host: `127.0.0.1:${jump.port}` },
  });
  expect(host.logins).toBe(before);
  await target.close();
});

test("a host with another key than the pinned is refused behind a jump host too", async () => {
  const target = openSshTarget(connectionTo(host, { hostKey: jump.hostKey(), jump: connectionTo(jump) }));
  await expect(runOn(target, ":")).rejects.toMatchObject({
    code: "host-key",
    detail: { property: "connection.ssh.hostKey", host: `127.0.0.1:${host.port}` },
  });
  await target.close();
});

test("a fingerprint of any key type is found behind a jump host too", async () => {
  const target = openSshTarget(connectionTo(host, { hostKey: host.fingerprint(), jump: connectionTo(jump) }));
  expect((await runOn(target, "echo in")).stdout).toBe("in\n");
  await target.close();
});

test("a host that the jump host cannot reach is unreachable, with both named", async () => {
  const port = await freePort();
  const target = openSshTarget(connectionTo(host, { port, jump: connectionTo(jump) }));
  await expect(runOn(target, ":")).rejects.toMatchObject({
    code: "unreachable",
    message: textMatching(new RegExp(`127\\.0\\.0\\.1:${port}.*jump host 127\\.0\\.0\\.1:${jump.port}`)),
  });
  await target.close();
});

test("a lost jump host is noticed, and the way is made anew", async () => {
  const target = openSshTarget(connectionTo(host, { jump: connectionTo(jump) }));
  await runOn(target, ":");
  await jump.restart();
  expect((await runOn(target, "echo back")).stdout).toBe("back\n");
  await target.close();
});
