import { loadHostKeyPolicy, pinnedPolicy } from "../../../provider/src/targets/host-key";
import { algorithmsOf, fingerprint, KEY_TYPES, publicKeyOfBlob } from "../../../provider/src/targets/public-key";
import { key, line } from "./keys";

const place = { host: "192.0.2.1:22", property: "connection.ssh" };

describe("a pinned key", () => {
  test("is the first type that the server is asked for, and the others come after", () => {
    const { types } = pinnedPolicy(line(key("a", "ssh-rsa")), place);
    expect(types[0]).toBe("ssh-rsa");
    expect([...types].sort()).toEqual([...KEY_TYPES].sort());
  });

  test("accepts that key and no other, not even of the same type", () => {
    const policy = pinnedPolicy(line(key("a")), place);
    expect(policy.accepts(key("a"))).toBe(true);
    expect(policy.accepts(key("b"))).toBe(false);
    expect(policy.tryOtherTypes).toBe(false);
  });

  test.each(["", "=", "  a comment"])("as a fingerprint with %j behind it is the same", (suffix) => {
    const policy = pinnedPolicy(fingerprint(key("a")) + suffix, place);
    expect(policy.accepts(key("a"))).toBe(true);
    expect(policy.accepts(key("b"))).toBe(false);
    expect(policy.tryOtherTypes).toBe(true);
  });

  test("of a type that cannot be asked for is refused at once", () => {
    const dsa = line(key("a", "ssh-dss"));
    expect(() => pinnedPolicy(dsa, place)).toThrow(/ssh-dss are not supported/);
  });

  test("behind a jump host names the property there", () => {
    const error = pinnedPolicy(line(key("a")), { ...place, property: "connection.ssh.jump" }).refusal([key("b")]);
    expect(error.detail.property).toBe("connection.ssh.jump.hostKey");
  });
});

test("hostKey goes before known_hosts", async () => {
  const policy = await loadHostKeyPolicy(
    {
      kind: "ssh",
      address: "192.0.2.1",
      port: 22,
      user: "root",
      agent: true,
      connectTimeout: 10,
      hostKey: line(key("a")),
      knownHosts: "/nonexistent",
    },
    place,
  );
  expect(policy.accepts(key("a"))).toBe(true);
});

test("SHA-1 signatures and DSA are never asked for", () => {
  const algorithms: readonly string[] = algorithmsOf(KEY_TYPES);
  expect(algorithms).toContain("rsa-sha2-512");
  expect(algorithms).not.toContain("ssh-rsa");
  expect(algorithms).not.toContain("ssh-dss");
});

test.each([
  [Buffer.alloc(0)],
  [Buffer.from("abc")],
  [Buffer.from([0, 0, 0, 200, 1, 2])],
  [Buffer.from([0, 0, 0, 0, 1])],
])("%j is not a key", (blob) => expect(publicKeyOfBlob(blob)).toBeUndefined());
