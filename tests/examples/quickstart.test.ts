/** The demo as a newcomer runs it: the scripts themselves, in a lab of their own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execute, freshName, labLeftovers } from "../lab/harness/lab";

const folder = join(__dirname, "..", "..", "examples", "quickstart");
const name = freshName();
let state: string;

const script = (file: string): ReturnType<typeof execute> =>
  execute("env", [`XDG_STATE_HOME=${state}`, `SDN_DEMO_NAME=${name}`, join(folder, file)], { timeoutMs: 300_000 });

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "sdn-demo-"));
});

afterAll(async () => {
  await script("destroy.sh");
  await rm(state, { recursive: true, force: true });
});

test("the demo shows the plan, the picture, pings that arrive and a connection that a policy denies, and can be repeated and destroyed", async () => {
  for (let run = 0; run < 2; run += 1) {
    const { code, stdout, stderr } = await script("demo.sh");
    expect({ code, stderr: code === 0 ? "" : `${stdout}\n${stderr}` }).toEqual({ code: 0, stderr: "" });
    expect(stdout.match(/reached/g)).toHaveLength(6);
    expect(stdout).not.toContain("FAILED");
    expect(stdout.match(/allowed/g)).toHaveLength(3);
    expect(stdout).toMatch(/denied.*tcp\/8080/);
    expect(stdout.match(/found.*front\.shop\.sdn\.internal is 198\.1/g)).toHaveLength(2);
    expect(stdout).toMatch(/balanced.*web1 3, web2 3/);
    expect(stdout).toMatch(/refused.*its own host/);
    expect(stdout).toContain("37 unchanged");
    expect(stdout).toMatch(/│ {5}└─ \[web1\] {2}10\.20\.\d+\.\d+ {2}fd00:20:0:/);
    expect(stdout).toContain(run === 0 ? "+ 37 to create" : "make demo-destroy");
  }
  const destroyed = await script("destroy.sh");
  expect(destroyed.code).toBe(0);
  expect(destroyed.stdout).toContain("- 37 deleted");
  for (const host of ["h1", "h2", "h3"]) expect(destroyed.stdout).toContain(`${host}: 0 interfaces, 0 routers`);
  expect(await labLeftovers(name)).toBe("");
}, 400_000);
