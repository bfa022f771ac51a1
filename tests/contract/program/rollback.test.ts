/** Every command of the program that changes something is made to fail once: the host must then be as it was. */
import { resourceKey } from "../../../provider/src/compile/names";
import { parseReport } from "../../../provider/src/render/report";
import { applyFragment, requestOf } from "../../support/requests";
import { ProgramHost } from "./bench";
import { before, changeNames } from "./changes";
import { difference, Injector } from "./faults";

let host: ProgramHost;
let box: string;
let injector: Injector;

beforeAll(() => {
  host = ProgramHost.create("rollback");
  box = host.addNamespace("box");
  injector = new Injector(host);
});
afterAll(async () => {
  injector.remove();
  await host.remove();
});

test.each(changeNames)("a failure of any command leaves the host as it was: %s", async (name) => {
  const change = await before(host, box, name);
  const input = requestOf(host.name, [applyFragment(change.to, change.from)], [], { report: false });
  const wrong: string[] = [];
  let state = host.state();
  let commands = 0;
  for (;;) {
    const { command, stdout } = await injector.strike("fails", commands + 1, input);
    if (command === undefined) break;
    commands += 1;
    if (parseReport(stdout).results.get(resourceKey(change.to))?.ok !== false) {
      wrong.push(`${command}: the failure was not noticed`);
    }
    const now = host.state();
    if (now === state) continue;
    wrong.push(`${command}:\n${difference(state, now)}`);
    await before(host, box, name);
    state = host.state();
  }
  expect(wrong.join("\n")).toBe("");
  // The last round was undisturbed, so it was seen that a change was there to be undone.
  expect(commands).toBeGreaterThan(2);
  expect(host.state()).not.toBe(state);
});
