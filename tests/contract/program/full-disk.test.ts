/** The host's disk is full: nothing of a change stays, and the error names the file. */
import { parseReport } from "../../../provider/src/render/report";
import { routerIntent } from "../../support/intents";
import { askFirewall, countingWord, firewallFragment, firewallRemoval, tableWord } from "../../support/firewall-tables";
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
const free = (): string => sh(`rm -f ${host.ledger}/filler`);
const router = (cidr = "10.20.0.0/16") => ({ ...routerIntent({ cidr }), scope: host.name });
const run = async (...fragments: Parameters<typeof requestOf>[1]) =>
  parseReport((await host.run(requestOf(host.name, fragments))).stdout).results.get("router-5000");
/** Without the lines of the table that was looked at last, which are only kept where there is room. */
const withoutFiller = (): string =>
  host
    .state()
    .replace(/^.*filler.*$/gm, "")
    .replace(/^\.\/listing:.*\n/gm, "");

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

describe("the firewall", () => {
  const machine = {
    get scope(): string {
      return host.name;
    },
    run: async (stdin: string): Promise<string> => (await host.run(stdin)).stdout,
  };
  const send = async (chain: string, ...fragments: Parameters<typeof firewallFragment>[1]) =>
    (await askFirewall(machine, { fragments: [firewallFragment(chain, fragments)] })).results.get("firewall");
  const table = (chain: string) => ["firewall_table", tableWord(chain)];

  afterEach(async () => {
    free();
    await askFirewall(machine, { fragments: [firewallRemoval()] });
  });

  test("a change that cannot be armed is not begun, and the error names the file", async () => {
    await send("one", table("one"));
    const before = withoutFiller();
    fill();
    expect(await send("two", ["firewall_arm", "n1", "600"], table("two"))).toEqual({
      ok: false,
      code: "remote-failure",
      message: `${host.ledger}/firewall.armed cannot be written (disk full?)`,
    });
    expect(withoutFiller()).toBe(before);
    free();
  });

  test("a change that cannot be recorded is undone", async () => {
    await send("one", table("one"));
    const before = withoutFiller();
    fill();
    // More than what the old picture of the table leaves.
    const large = { ...firewallFragment("two", [table("two")]), intent: JSON.stringify({ text: "x".repeat(20_000) }) };
    const { results } = await askFirewall(machine, { fragments: [large] });
    free();
    expect(results.get("firewall")).toEqual({
      ok: false,
      code: "remote-failure",
      message: `${host.ledger}/resources/firewall cannot be written (disk full?)`,
    });
    await send("one", table("one"));
    expect(withoutFiller()).toBe(before);
  });

  test("what was counted is told though it cannot be written down, and goes on from there when there is room", async () => {
    await send("one", ["firewall_table", countingWord("one", { "db/web": 5001 })]);
    const hits = async (): Promise<unknown> =>
      (await askFirewall(machine, { queries: [["query_firewall_hits"]] })).snapshot.firewall.hits;
    const packet = (): string => host.in("bash -c 'printf x >/dev/udp/127.0.0.1/5001' 2>/dev/null || true");
    fill();
    packet();
    expect(await hits()).toMatchObject([{ name: "db/web", packets: 1, last: expect.any(Number) as number }]);
    free();
    packet();
    expect(await hits()).toMatchObject([{ name: "db/web", packets: 2 }]);
  });

  test("what is armed is taken back with no room on the disk", async () => {
    await send("one", table("one"));
    const before = withoutFiller();
    await send("two", ["firewall_arm", "n1", "600"], table("two"));
    fill();
    const { snapshot } = await askFirewall(machine, { queries: [["firewall_rollback", "n1"], ["query_firewall"]] });
    free();
    expect(snapshot.firewall.rolledBack.get("n1")).toBe(true);
    expect(snapshot.firewall).toMatchObject({ armed: undefined, record: { generation: 1, hash: "one" } });
    await send("one", table("one"));
    expect(withoutFiller()).toBe(before);
  });

  test("what cannot be held is not made", async () => {
    await send("one", table("one"));
    const before = withoutFiller();
    fill();
    const fragment = applyFragment(router());
    const words = [["firewall_hold", "sdn-b-5001"], ...fragment.words];
    expect(await run({ ...fragment, words })).toEqual({
      ok: false,
      code: "remote-failure",
      message: `${host.ledger}/firewall.held cannot be written (disk full?)`,
    });
    expect(withoutFiller()).toBe(before);
    free();
  });
});
