import type { Connection } from "../../../provider/src/model/connection";

const ssh = { kind: "ssh", address: "2001:db8::1", port: 22, user: "root", agent: true, connectTimeout: 10 } as const;

test.each<[Connection, string]>([
  [ssh, "ssh://root@[2001:db8::1]:22"],
  [{ kind: "local" }, "local:"],
  [{ kind: "namespace", name: "h1" }, "netns:h1"],
])("%j opens as %s without loading the SSH library, which start-up cannot afford", async (connection, uri) => {
  jest.resetModules();
  let loaded = false;
  jest.doMock("ssh2", () => {
    loaded = true;
    return {};
  });
  const { openTarget } = await import("../../../provider/src/targets/open-target");
  const target = openTarget(connection);
  expect(target.uri).toBe(uri);
  expect(target.executions).toBe(0);
  await target.close();
  expect(loaded).toBe(false);
});
