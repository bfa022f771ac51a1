import type { Connection, SshConnection } from "../../../provider/src/model/connection";
import { connectionUri } from "../../../provider/src/model/connection";
import { FakeTarget } from "../../../provider/src/targets/fake-target";
import { TargetPool } from "../../../provider/src/targets/target-pool";

const ssh: SshConnection = {
  kind: "ssh",
  address: "192.0.2.1",
  port: 22,
  user: "root",
  privateKey: "one",
  agent: false,
  hostKey: "SHA256:x",
  connectTimeout: 10,
};
const limits = { signal: new AbortController().signal, timeoutMs: 5000 };

const fake = (connection: Connection) =>
  new FakeTarget(() => ({ exitCode: 0, stdout: "", stderr: "" }), connectionUri(connection));

describe("two connections share a target", () => {
  const cases: readonly (readonly [string, Connection, Connection, boolean])[] = [
    ["when they are the same", ssh, { ...ssh }, true],
    ["whatever the order of their properties", ssh, Object.fromEntries(Object.entries(ssh).reverse()) as never, true],
    ["not with another address", ssh, { ...ssh, address: "192.0.2.2" }, false],
    ["not with another key", ssh, { ...ssh, privateKey: "two" }, false],
    ["not with another host key", ssh, { ...ssh, hostKey: "SHA256:y" }, false],
    ["not with another jump host", { ...ssh, jump: ssh }, { ...ssh, jump: { ...ssh, port: 23 } }, false],
    ["when both are this machine", { kind: "local" }, { kind: "local" }, true],
    [
      "not when they are different namespaces",
      { kind: "namespace", name: "a" },
      { kind: "namespace", name: "b" },
      false,
    ],
  ];
  test.each(cases)("%s", (_name, one, other, shared) => {
    const pool = new TargetPool(fake);
    expect(pool.acquire(one) === pool.acquire(other)).toBe(shared);
  });
});

test("counts executions by URI and in all, across credentials and closing", async () => {
  const pool = new TargetPool(fake);
  await pool.acquire(ssh).run("", "", limits);
  await pool.acquire({ ...ssh, privateKey: "two" }).run("", "", limits);
  await pool.acquire({ kind: "local" }).run("", "", limits);
  expect([pool.executionsOf("ssh://root@192.0.2.1:22"), pool.executionsOf("local:")]).toEqual([2, 1]);
  await pool.closeAll();
  await pool.acquire(ssh).run("", "", limits);
  expect(pool.executionsOf("ssh://root@192.0.2.1:22")).toBe(3);
  expect(pool.executionsOf("ssh://root@192.0.2.9:22")).toBe(0);
  expect(pool.totalExecutions()).toBe(4);
});

test("closeAll closes what was handed out, and acquire opens anew", async () => {
  const pool = new TargetPool(fake);
  const before = pool.acquire(ssh);
  await pool.closeAll();
  await expect(before.run("", "", limits)).rejects.toMatchObject({ code: "internal" });
  expect(pool.acquire(ssh)).not.toBe(before);
});
