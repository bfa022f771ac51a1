/** A private key that is written into the program, with a real `pulumi`: it is nowhere to be read. */
import { readFile } from "node:fs/promises";
import { startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";

const ref = (name: string): string => `\${${name}}`;

let lab: Lab;
let stack: Stack;
let key: string;

function program(port: number, away?: string): Program {
  const machines = lab.hosts.map((host): [string, YamlResource] => {
    const more = { privateKeyPath: undefined, privateKey: key, connectTimeout: 3 };
    return [host.name, hostResource(host, host.name === away ? { ...more, port: 1 } : more)];
  });
  return {
    resources: {
      ...Object.fromEntries(machines),
      fabric: { type: "sdn:Fabric", properties: { hosts: machines.map(([name]) => ref(name)) } },
      shop: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16" } },
      web: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.1.0/24", docker: false } },
      web1: {
        type: "sdn:Endpoint",
        properties: { host: ref("h1"), subnet: ref("web"), labels: { app: "web" } },
      },
      guard: {
        type: "sdn:FirewallPolicy",
        properties: {
          fabric: ref("fabric"),
          priority: 1,
          appliesTo: [{ subnet: ref("web") }],
          rules: [{ name: "in", direction: "ingress", action: "allow", services: [{ protocol: "tcp", ports: port }] }],
          defaults: { ingress: "deny", egress: "continue" },
        },
      },
    },
  };
}

/** Lines of the key by which it would be known. */
const lines = (): readonly string[] => key.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----"));
function expectHidden(text: string): void {
  expect(text.length).toBeGreaterThan(0);
  for (const line of lines()) expect(text.includes(line)).toBe(false);
}

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: false });
  key = await readFile(lab.host("h1").privateKeyPath, "utf8");
  stack = await Stack.create(program(80));
}, 120_000);
afterAll(async () => {
  await stack.remove();
  await lab.down();
});

interface Exported {
  readonly deployment: { readonly resources: readonly { readonly type: string; readonly inputs?: unknown }[] };
}

test("the state has it in cipher alone, of hosts, policies and labels", async () => {
  expect(lines().length).toBeGreaterThan(1);
  expectHidden(await stack.up());
  const exported = await stack.exported();
  expectHidden(exported);
  const { resources } = (JSON.parse(exported) as Exported).deployment;
  for (const type of ["sdn:firewall:Policy", "sdn:firewall:Member", "sdn:linux:Segment"]) {
    const inputs = JSON.stringify(resources.find((one) => one.type === type)?.inputs);
    expect(inputs).toContain('"ciphertext"');
  }
});

test("nothing of a preview, a change, a refresh and a failure shows it, nor what the provider ran", async () => {
  await stack.write(program(8080));
  const preview = await stack.preview("--diff");
  expect(preview.code).toBe(0);
  expectHidden(preview.stdout + preview.stderr);
  expectHidden(await stack.up("--diff"));
  expectHidden(await stack.refresh());
  expectHidden(JSON.stringify(await stack.executions()));
  await stack.write(program(8081, "h2"));
  const failed = await stack.pulumi(["up", "--yes", "--skip-preview", "--diff"]);
  expect(failed.code).not.toBe(0);
  expectHidden(failed.stdout + failed.stderr);
  expectHidden(await stack.exported());
  await stack.write(program(8081));
  await stack.up();
  expectHidden(await stack.destroy());
});
