/** The host's disk is full: nothing of a change stays, and the error names the file. */
import { parseReport } from "../../../provider/src/render/report";
import { routerIntent } from "../../support/intents";
import { applyFragment, removeFragment, requestOf } from "../../support/requests";
import { ProgramHost, sh } from "./bench";
import { applied } from "./changes";

let host: ProgramHost;

beforeAll(() => {
  host = ProgramHost.create("disk");
  sh(`mkdir -p ${host.ledger} && mount -t tmpfs -o size=128k tmpfs ${host.ledger}`);
});
afterAll(async () => {
  sh(`umount ${host.ledger}`);
  await host.remove();
});

const fill = (): string => sh(`cat /dev/zero >${host.ledger}/filler 2>/dev/null || true`);
const free = (): string => sh(`rm ${host.ledger}/filler`);
const router = (cidr = "10.20.0.0/16") => ({ ...routerIntent({ cidr }), scope: host.name });
const run = async (...fragments: Parameters<typeof requestOf>[1]) =>
  parseReport((await host.run(requestOf(host.name, fragments))).stdout).results.get("router-5000");
const withoutFiller = (): string => host.state().replace(/^.*filler.*$/gm, "");

test("a resource is not made, the error names the file, and it is made when there is room", async () => {
  await applied(host, requestOf(host.name, [applyFragment(router())]));
  await applied(host, requestOf(host.name, [removeFragment(router())]));
  const before = withoutFiller();
  fill();
  expect(await run(applyFragment(router()))).toEqual({
    ok: false,
    code: "remote-failure",
    message: `${host.ledger}/resources/router-5000 cannot be written (disk full?)`,
  });
  expect(withoutFiller()).toBe(before);
  free();
  expect(await run(applyFragment(router()))).toEqual({ ok: true, generation: 1 });
});

test("a change is undone, the earlier version and its record stay, and a removal still works", async () => {
  const before = withoutFiller();
  fill();
  expect(await run(applyFragment(router("10.32.0.0/12"), router(), 1))).toMatchObject({ ok: false });
  expect(withoutFiller()).toBe(before);
  expect(await run(removeFragment(router()))).toEqual({ ok: true, generation: 0 });
  free();
});
