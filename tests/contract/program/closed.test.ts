/** A host starts and its records are damaged: what is known without them still isolates. */
import { parseReport } from "../../../provider/src/render/report";
import { driftOf } from "../../../provider/src/compile/plan";
import { addressing, routerIntent, segmentIntent } from "../../support/intents";
import { applyFragment, requestOf } from "../../support/requests";
import { ProgramHost, sh } from "./bench";
import { applied } from "./changes";

let host: ProgramHost;
let box: string;

beforeAll(() => {
  host = ProgramHost.create("closed");
  box = host.addNamespace("box");
});
afterAll(() => host.remove());

const intents = () => [
  { ...routerIntent(), scope: host.name },
  { ...segmentIntent(addressing), scope: host.name },
];
const again = (mode: "restore" | "assert") => host.run(`scope ${host.name}\nlock\nagain ${mode}\ndone\n`);

async function startWith(...damaged: readonly string[]): Promise<void> {
  host.reset();
  for (const intent of intents()) await applied(host, requestOf(host.name, [applyFragment(intent)]));
  for (const key of damaged) host.spoilRecord(key, "damaged");
  host.restart();
}

/** As an engine makes it of its network, and as careless as can be: with an address of the host on it. */
function engineMakesBridge(): void {
  host.in(`
    ip link add sdn-b-5001 type bridge
    ip addr add 10.20.1.254/24 dev sdn-b-5001
    ip link add veth0 type veth peer name eth0 netns ${box}
    ip link set veth0 master sdn-b-5001 up
    ip link set sdn-b-5001 up`);
  sh(
    `ip -n ${box} link set eth0 up; ip -n ${box} addr replace 10.20.1.5/24 dev eth0; ip -n ${box} route replace default via 10.20.1.254`,
  );
}
function pings(address: string): boolean {
  return sh(`ip netns exec ${box} ping -c1 -W1 ${address} >/dev/null 2>&1 && echo yes || echo no`).trim() === "yes";
}

describe.each([
  ["every record", ["router-5000", "segment-5001"]],
  ["the segment's", ["segment-5001"]],
])("%s damaged", (_case, damaged) => {
  test.each(["restore", "assert"] as const)(
    "after the %s nothing passes from an engine's bridge to the host",
    async (mode) => {
      await startWith(...damaged);
      engineMakesBridge();
      host.in("sysctl -qw net.ipv4.ip_forward=1");
      // Until then it does, so the test can fail.
      expect(pings("10.20.1.254")).toBe(true);
      expect(pings("192.0.2.11")).toBe(true);
      await again(mode);
      expect(pings("10.20.1.254")).toBe(false);
      expect(pings("192.0.2.11")).toBe(false);
    },
  );

  test("and applying again gives the tables that there should be", async () => {
    await startWith(...damaged);
    await again("restore");
    for (const intent of intents()) await applied(host, requestOf(host.name, [applyFragment(intent, intent, 1)]));
    const { snapshot } = parseReport((await host.run(requestOf(host.name, [], intents()))).stdout);
    expect(intents().flatMap((intent) => driftOf(intent, snapshot))).toEqual([]);
    expect(host.in("nft list table inet sdn")).not.toContain("sdn-b-*");
  });
});

test("a segment that cannot be made again, as its router's record is damaged, is closed too", async () => {
  await startWith("router-5000");
  await again("restore");
  expect(host.in("nft list set inet sdn bridges")).toContain("sdn-b-5001");
  engineMakesBridge();
  expect(pings("10.20.1.254")).toBe(false);
});

test("whole records write anew what a damaged one before them closed", async () => {
  host.reset();
  const first = { ...routerIntent({ vni: 4000, label: "first" }), scope: host.name };
  for (const intent of [first, ...intents()]) await applied(host, requestOf(host.name, [applyFragment(intent)]));
  host.spoilRecord("router-4000", "damaged");
  host.restart();
  await again("restore");
  expect(host.in("nft list table inet sdn")).not.toContain("sdn-b-*");
  expect(host.in("nft list set inet sdn pairs")).toContain("sdn-b-5001");
});
