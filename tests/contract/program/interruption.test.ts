/** The program is killed in place of each command that changes something: running it again must mend everything. */
import { driftOf } from "../../../provider/src/compile/plan";
import { applyFragment, removeFragment, requestOf } from "../../support/requests";
import { ProgramHost } from "./bench";
import { applied, before } from "./changes";
import { difference, Injector } from "./faults";

let host: ProgramHost;
let box: string;
let injector: Injector;

beforeAll(() => {
  host = ProgramHost.create("interruption");
  box = host.addNamespace("box");
  injector = new Injector(host);
});
afterAll(async () => {
  injector.remove();
  await host.remove();
});

/** MAC addresses that the kernel draws and generations are others in each round. */
const settled = (): string =>
  host
    .state()
    .replace(/^((?:sdn-[pveu]-|uplink).*link\/ether )[0-9a-f:]{17}/gm, "$1random")
    .replace(/^(\.\/resources\/[^:]*:)\d+$/gm, "$1generation")
    .replace(/^(\.\/resources\/[^:]*:)[0-9a-f]{64}$/gm, "$1checksum")
    .replace(/^\.\/(events|seen):.*\n?/gm, "");

describe.each([
  "a router without egress is made",
  "a dual-stack segment is made",
  "a namespace's port is made",
  "a port's addresses, MAC, MTU and gateway change",
])("killed anywhere while %s", (name) => {
  test("another run gives what an undisturbed one gives, and its removal leaves nothing", async () => {
    const { from, to } = await before(host, box, name);
    const change = requestOf(host.name, [applyFragment(to, from)], [to]);
    const back = requestOf(host.name, [from === undefined ? removeFragment(to) : applyFragment(from, to)]);
    const start = settled();
    await applied(host, change);
    const end = settled();
    expect(end).not.toBe(start);
    await applied(host, back);
    const wrong: string[] = [];
    let commands = 0;
    for (;;) {
      const { command } = await injector.strike("killed", commands + 1, change);
      if (command === undefined) break;
      commands += 1;
      const { snapshot } = await applied(host, change);
      wrong.push(...driftOf(to, snapshot).map((sentence) => `${command}: ${sentence}`));
      if (settled() !== end) wrong.push(`${command}:\n${difference(end, settled())}`);
      await applied(host, back);
      if (settled() !== start) wrong.push(`${command}, after removal:\n${difference(start, settled())}`);
    }
    expect(wrong.join("\n")).toBe("");
    expect(commands).toBeGreaterThan(2);
  });
});

describe("killed anywhere while the host makes a segment again by itself", () => {
  const again = (mode: string): string => `scope ${host.name}\nlock\nagain ${mode}\ndone\n`;
  const lose = (): void => {
    host.in("for link in sdn-b-5001 sdn-v-5001 sdn-p-5001; do ip link del dev $link 2>/dev/null; done; true");
  };

  test("the next time, at a start or by timer, gives what an undisturbed one gives", async () => {
    const { to } = await before(host, box, "a dual-stack segment is made");
    await applied(host, requestOf(host.name, [applyFragment(to)]));
    const end = settled();
    const wrong: string[] = [];
    let commands = 0;
    for (;;) {
      lose();
      const { command } = await injector.strike("killed", commands + 1, again("restore"));
      if (command === undefined) break;
      commands += 1;
      await host.run(again(commands % 2 === 0 ? "assert" : "restore"));
      if (settled() !== end) wrong.push(`${command}:\n${difference(end, settled())}`);
    }
    expect(wrong.join("\n")).toBe("");
    expect(settled()).toBe(end);
    expect(commands).toBeGreaterThan(10);
  }, 300_000);
});
