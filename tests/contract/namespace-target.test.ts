import { execFileSync } from "node:child_process";
import { openNamespaceTarget } from "../../provider/src/targets/namespace-target";
import { describeTargetContract } from "./target.contract";
import { textContaining } from "./support/matchers";

const name = `sdn-ct-${process.pid}`;
const limits = { signal: new AbortController().signal, timeoutMs: 10_000 };

beforeAll(() => void execFileSync("ip", ["netns", "add", name]));
afterAll(() => void execFileSync("ip", ["netns", "del", name]));

describeTargetContract("a network namespace", { open: () => openNamespaceTarget(name) });

test("the program is in the namespace", async () => {
  const target = openNamespaceTarget(name);
  expect(target.uri).toBe(`netns:${name}`);
  expect((await target.run("ip netns identify $$", "", limits)).stdout.trim()).toBe(name);
  await target.close();
});

test("a namespace that does not exist is an error of code not-found that names it", async () => {
  const target = openNamespaceTarget("sdn-no-such-one");
  await expect(target.run(":", "", limits)).rejects.toMatchObject({
    code: "not-found",
    message: textContaining('"sdn-no-such-one"'),
  });
});

test.each(["", "-all", "a b", "a/b", "..", "$(id)", "a;b"])("%j is refused as a name", (bad) => {
  expect(() => openNamespaceTarget(bad)).toThrow(/not a name of a network namespace/);
});
