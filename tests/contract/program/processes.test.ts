/** How many processes the program starts: on a small host they are nearly all of its time. */
import { execFileSync } from "node:child_process";
import { hostProgram } from "../../../provider/src/render/program";
import { parseReport } from "../../../provider/src/render/report";
import { egress4, routerIntent, segmentIntent } from "../../support/intents";
import { applyFragment, requestOf } from "../../support/requests";
import { ProgramHost } from "./bench";

const segmentCount = 4;
const scopeOf = <T extends object>(intent: T): T & { readonly scope: string } => ({ ...intent, scope: host.name });

let host: ProgramHost;
beforeAll(() => {
  host = ProgramHost.create("processes");
});
afterAll(() => host.remove());

/** In a PID namespace of its own the next process has the number of all that were started, subshells and all. */
function processesOf(stdin: string): number {
  const counting = `${hostProgram}\nsh -c 'echo "started $(($$ - 2))"'`;
  const words = [`--net=/run/netns/${host.name}`, "unshare", "--pid", "--fork", "/bin/sh", "-c", counting];
  const stdout = execFileSync("nsenter", words, { input: stdin, encoding: "utf8" });
  const failed = [...parseReport(stdout).results.values()].filter(({ ok }) => !ok);
  expect(failed).toEqual([]);
  return Number(/^started (\d+)$/m.exec(stdout)?.[1]);
}

test("a network of four subnets, made from nothing and made again, starts few processes", () => {
  const router = scopeOf(routerIntent({ cidr: "10.0.0.0/8", egress: egress4 }));
  const peers = Array.from({ length: 7 }, (_, at) => `192.0.2.${at + 20}`);
  const segments = Array.from({ length: segmentCount }, (_, at) => {
    const ipv4 = {
      cidr: `10.${at}.0.0/16`,
      gateway: `10.${at}.0.1`,
      router: `10.${at}.0.17`,
      range: `10.${at}.0.16/28`,
    };
    return scopeOf(segmentIntent({ vni: 5001 + at, label: `s${at}`, peers, ipv4 }));
  });
  const all = [router, ...segments];
  const request = requestOf(
    host.name,
    all.map((intent) => applyFragment(intent)),
    all,
  );
  const look = requestOf(host.name, [], all, { facts: true });
  // Seen: 294, 276 and 68. With a look for each attribute and a process for each word they were 1204, 932 and 227.
  expect(processesOf(request)).toBeLessThan(330);
  expect(processesOf(request)).toBeLessThan(330);
  expect(processesOf(look)).toBeLessThan(85);
});

test("a thousand links of others make it hardly slower", async () => {
  host.reset();
  const names = Array.from({ length: 1000 }, (_, at) => `other${at}`);
  host.in(`ip -batch - <<'LINKS'\n${names.map((name) => `link add ${name} mtu 1400 type bridge`).join("\n")}\nLINKS`);
  const all = [routerIntent(), segmentIntent()].map(scopeOf);
  const fragments = all.map((intent) => applyFragment(intent));
  const begun = performance.now();
  for (let round = 0; round < 2; round += 1) {
    const { results } = parseReport((await host.run(requestOf(host.name, fragments, [], { report: false }))).stdout);
    expect([...results.values()].map(({ ok }) => ok)).toEqual([true, true]);
  }
  // Half a second, even when the machine has much to do; with a search in quadratic time it is a minute.
  expect(performance.now() - begun).toBeLessThan(8000);
});
