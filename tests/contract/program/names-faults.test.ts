/** The program fails or is killed in place of each command that changes something, while names are made, changed, removed. */
import { parseReport } from "../../../provider/src/render/report";
import { renderRequest } from "../../../provider/src/render/instructions";
import type { Fragment } from "../../../provider/src/render/instructions";
import type { ServiceIntent } from "../../../provider/src/compile/service/intent";
import { entryOf, namesFragment, namesRequest, noNamesFragment } from "../../support/services";
import { difference, Injector } from "./faults";
import { anyServer, NamesBench } from "./names-bench";

let bench: NamesBench;
let injector: Injector;
let web: ServiceIntent;
let moved: ServiceIntent;

beforeAll(async () => {
  bench = new NamesBench();
  injector = new Injector(bench.host);
  await bench.network(5000, "member");
  web = { ...entryOf("web"), scope: bench.host.name };
  moved = { ...web, ipv4: "10.20.200.9" };
});
afterAll(async () => {
  injector.remove();
  await bench.remove();
});

const request = (...fragments: readonly Fragment[]): string =>
  renderRequest(namesRequest(bench.host.name, fragments, [web]));

/** All but what is another in each round: process numbers and generations, with the checksums of what has them. */
const settled = (): string =>
  bench.host
    .state()
    .replace(/^\.\/dns\/[^:]*\/pid:.*\n?/gm, "")
    .replace(/^(\.\/resources\/service[^:]*:)\d+$/gm, "$1generation")
    .replace(/^(\.\/resources\/service[^:]*:)[0-9a-f]{64}$/gm, "$1checksum");

interface Change {
  readonly name: string;
  readonly given: () => readonly Fragment[];
  readonly change: () => Fragment;
  readonly back: () => Fragment;
  /** What a member is told of `web` before and after. */
  readonly told: readonly [string, string];
}
const none = "REFUSED or no answer";
const changes: readonly Change[] = [
  {
    name: "the first entry is made",
    given: () => [],
    change: () => namesFragment(web),
    back: () => noNamesFragment(web),
    told: [none, "10.20.200.1"],
  },
  {
    name: "an entry changes",
    given: () => [namesFragment(web)],
    change: () => namesFragment(moved, web),
    back: () => namesFragment(web, moved),
    told: ["10.20.200.1", "10.20.200.9"],
  },
  {
    name: "the last entry goes",
    given: () => [namesFragment(web)],
    change: () => noNamesFragment(web),
    back: () => namesFragment(web),
    told: ["10.20.200.1", none],
  },
];

function told(): string {
  const [answer] = bench.ask("member", "web", "A", ["+timeout=1", `@${anyServer}`]).records;
  return answer?.split(" ").at(-1) ?? none;
}

describe.each(changes)("while $name", ({ given, change, back, told: [before, after] }) => {
  beforeEach(() => bench.run(given()));
  afterEach(() => bench.run([noNamesFragment(web)]));

  test.each(["fails", "killed"] as const)(
    "a command %s: nothing, or all of it, and another run gives all",
    async (kind) => {
      const start = settled();
      await bench.run([change()]);
      const end = settled();
      expect(end).not.toBe(start);
      await bench.run([back()]);
      expect(settled()).toBe(start);
      const wrong: string[] = [];
      let commands = 0;
      for (;;) {
        const { command, stdout } = await injector.strike(kind, commands + 1, request(change()));
        if (command === undefined) break;
        commands += 1;
        if (kind === "fails") {
          const failed = [...parseReport(stdout).results.values()].some(({ ok }) => !ok);
          const [state, answer] = failed ? [start, before] : [end, after];
          if (settled() !== state) wrong.push(`${command}:\n${difference(state, settled())}`);
          if (told() !== answer) wrong.push(`${command}: a member is told ${told()}`);
        }
        await bench.run([change()]);
        if (settled() !== end) wrong.push(`${command}, run again:\n${difference(end, settled())}`);
        if (told() !== after) wrong.push(`${command}, run again: a member is told ${told()}`);
        await bench.run([back()]);
        if (settled() !== start) wrong.push(`${command}, and back:\n${difference(start, settled())}`);
      }
      expect(wrong.join("\n")).toBe("");
      expect(commands).toBeGreaterThan(1);
    },
    300_000,
  );
});
