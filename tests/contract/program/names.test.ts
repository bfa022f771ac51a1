/** Names, asked for as a member of a network does: whole answers of a real server, in real namespaces. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import type { ServiceIntent } from "../../../provider/src/compile/service/intent";
import { egress4 } from "../../support/intents";
import { entryOf, namesFragment, noNamesFragment, routerOf, serviceIntent } from "../../support/services";
import { sh } from "./bench";
import type { Answer } from "./names-bench";
import { anyServer, NamesBench, worldServer } from "./names-bench";

const members = { open: 5000, closed: 5005 } as const;
type Member = keyof typeof members;

let bench: NamesBench;
/** An entry of the network of that member: one has a way out, the other none, and their addresses are the same. */
const entryIn = (member: Member, name: string, changes: Partial<ServiceIntent> = {}): ServiceIntent => {
  const upstreams = member === "open" ? [worldServer] : [];
  const made = entryOf(name, changes);
  return {
    ...made,
    scope: bench.host.name,
    routerVni: members[member],
    dns: { ...made.dns, upstreams, ...changes.dns },
  };
};
const headless = { ipv4: undefined, ipv6: undefined };
const backendsOf = (...addresses: readonly string[]): Pick<ServiceIntent, "backends"> => ({
  backends: addresses.map((address) => ({ kind: "address", address, weight: 1 })),
});

beforeAll(async () => {
  bench = new NamesBench();
  await bench.openWorld();
  await bench.network(members.open, "open", { egress: egress4 });
  await bench.network(members.closed, "closed");
});
afterAll(() => bench.remove());

const keyOf = ({ routerVni, name }: ServiceIntent): string => `${routerVni} ${name}`;
const made = new Map<string, ServiceIntent>();
async function apply(...intents: readonly ServiceIntent[]): Promise<void> {
  const fragments = intents.map((intent) => namesFragment(intent, made.get(keyOf(intent))));
  for (const intent of intents) made.set(keyOf(intent), intent);
  await bench.run(fragments, intents);
}
async function removeAll(): Promise<void> {
  await bench.run([...made.values()].map(noNamesFragment));
  made.clear();
}
afterEach(removeAll);

const found = (...records: readonly string[]): Answer => ({ status: "NOERROR", records });
const refused: Answer = { status: "REFUSED", records: [] };
const unknown: Answer = { status: "NXDOMAIN", records: [] };

describe("what is asked, and what is answered", () => {
  beforeEach(() =>
    apply(
      entryIn("open", "web"),
      entryIn("open", "pay", { ...headless, backends: [{ kind: "external", name: "pay.example.com" }] }),
      entryIn("open", "late", {
        dns: { ...serviceIntent().dns, names: ["late.shop.sdn.internal"], ttl: 60, upstreams: [worldServer] },
        ipv4: "10.20.200.3",
      }),
    ),
  );

  test.each<readonly [string, string, string, Answer]>([
    ["an IPv4 address", "web.shop.sdn.internal", "A", found("web.shop.sdn.internal. 5 A 10.20.200.1")],
    ["an IPv6 address", "web.shop.sdn.internal", "AAAA", found("web.shop.sdn.internal. 5 AAAA fd00:20:ff::1")],
    ["a short name", "web", "A", found("web. 5 A 10.20.200.1")],
    ["another time to live", "late.shop.sdn.internal", "A", found("late.shop.sdn.internal. 60 A 10.20.200.3")],
    [
      "a port by its name",
      "_http._tcp.web.shop.sdn.internal",
      "SRV",
      found("_http._tcp.web.shop.sdn.internal. 5 SRV 0 0 80 web.shop.sdn.internal."),
    ],
    [
      "the name of an address",
      "1.200.20.10.in-addr.arpa",
      "PTR",
      found("1.200.20.10.in-addr.arpa. 5 PTR web.shop.sdn.internal."),
    ],
    [
      "a name outside, by way of the entry's",
      "pay.shop.sdn.internal",
      "A",
      found("pay.shop.sdn.internal. 5 CNAME pay.example.com.", "pay.example.com. 300 A 203.0.113.9"),
    ],
    ["a name outside", "pay.example.com", "A", found("pay.example.com. 300 A 203.0.113.9")],
    ["a record that a known name has not", "web.shop.sdn.internal", "MX", found()],
    ["an unknown name of the zone", "nobody.shop.sdn.internal", "A", unknown],
    ["an unknown name outside", "nobody.example.com", "A", unknown],
  ])("%s", (_what, name, type, answer) => {
    expect(bench.ask("open", name, type)).toEqual(answer);
  });

  test.each([
    ["over TCP", ["+tcp", `@${anyServer}`]],
    ["over IPv6", ["@2001:db8::99"]],
    ["over IPv6 and TCP", ["+tcp", "@2001:db8::99"]],
    ["when the gateway is asked", ["@10.20.1.1"]],
  ])("%s", (_what, options) => {
    expect(bench.ask("open", "web.shop.sdn.internal", "A", options)).toEqual(
      found("web.shop.sdn.internal. 5 A 10.20.200.1"),
    );
  });

  test("neither the host nor what is beyond it may ask", () => {
    const ask = `dig +tries=1 +timeout=1 @${egress4.ipv4?.router ?? ""} web.shop.sdn.internal || true`;
    expect(bench.host.in(ask)).not.toContain("10.20.200.1");
  });
});

describe("networks that know nothing of each other", () => {
  test("the same name and the same members' addresses: each is told its own", async () => {
    await apply(entryIn("open", "web"), entryIn("closed", "web", { ipv4: "10.20.200.77", ipv6: undefined }));
    expect(bench.ask("open", "web").records).toEqual(["web. 5 A 10.20.200.1"]);
    expect(bench.ask("closed", "web").records).toEqual(["web. 5 A 10.20.200.77"]);
    expect(bench.ask("closed", "web.shop.sdn.internal", "AAAA")).toEqual(found());
  });

  test("without a way out nothing else is answered, and nothing is asked of anybody", async () => {
    await apply(
      entryIn("closed", "web"),
      entryIn("closed", "pay", { ...headless, backends: [{ kind: "external", name: "pay.example.com" }] }),
    );
    for (const name of ["pay.example.com", "secret-in-a-name.example.com", "."]) {
      expect(bench.ask("closed", name)).toEqual(refused);
    }
    expect(bench.ask("closed", "9.1.20.10.in-addr.arpa", "PTR")).toEqual(refused);
    expect(bench.ask("closed", "pay.shop.sdn.internal").records.join()).not.toContain("203.0.113.9");
    expect(bench.ask("closed", "nobody.shop.sdn.internal")).toEqual(unknown);
  });
});

describe("changes", () => {
  test("backends that come and go are answered at once, in turns, and the server is the same", async () => {
    const first = entryIn("open", "db", { ...headless, ...backendsOf("10.20.1.5", "10.20.1.6", "10.20.1.7") });
    await apply(first);
    const before = bench.servers(routerOf(first));
    const orders = Array.from({ length: 20 }, () => bench.ask("open", "db.shop.sdn.internal").records.join());
    expect(new Set(orders).size).toBeGreaterThan(1);
    await apply({ ...first, ...backendsOf("10.20.1.6", "10.20.1.8") });
    expect([...bench.ask("open", "db.shop.sdn.internal").records].sort()).toEqual([
      "db.shop.sdn.internal. 5 A 10.20.1.6",
      "db.shop.sdn.internal. 5 A 10.20.1.8",
    ]);
    expect(bench.ask("open", "5.1.20.10.in-addr.arpa", "PTR").status).toBe("NXDOMAIN");
    expect(bench.servers(routerOf(first))).toEqual(before);
  });

  test("no question is lost or answered wrongly while entries come, change and go", async () => {
    const web = entryIn("open", "web");
    await apply(web);
    const asked = bench.hammer("open", "web.shop.sdn.internal");
    for (let round = 0; round < 8; round += 1) {
      const other = entryIn("open", "other", { ipv4: `10.20.200.${10 + round}`, ipv6: undefined });
      await apply(round % 2 === 0 ? other : { ...other, ports: [] });
    }
    const { sent, right } = await asked();
    expect(sent).toBeGreaterThan(200);
    expect(right).toBe(sent);
  });

  test("other upstreams are asked, without another server", async () => {
    const web = entryIn("open", "web", {
      dns: { ...serviceIntent().dns, names: ["web.shop.sdn.internal"], upstreams: [] },
    });
    await apply(web);
    expect(bench.ask("open", "pay.example.com")).toEqual(refused);
    await apply({ ...web, dns: { ...web.dns, upstreams: [worldServer] } });
    expect(bench.ask("open", "pay.example.com").status).toBe("NOERROR");
  });

  test("with the last entry everything goes: the server, its files and the redirect", async () => {
    const web = entryIn("open", "web");
    await apply(web, entryIn("open", "api", { ipv4: "10.20.200.2" }));
    await bench.run([noNamesFragment(web)]);
    made.delete("5000 web");
    expect(bench.ask("open", "web.shop.sdn.internal")).toEqual(unknown);
    expect(bench.ask("open", "api").records).toEqual(["api. 5 A 10.20.200.2"]);
    await removeAll();
    expect(bench.servers(routerOf(web))).toEqual([]);
    expect(existsSync(`/etc/unbound/sdn/${routerOf(web)}.conf`)).toBe(false);
    expect(existsSync(`${bench.host.ledger}/dns`)).toBe(false);
    expect(sh(`ip netns exec ${routerOf(web)} nft list ruleset`)).not.toContain("names");
  });

  test("a change that fails leaves the names of before", async () => {
    const web = entryIn("open", "web");
    await apply(web);
    const moved = namesFragment({ ...web, ipv4: "10.20.200.66" }, web);
    const words = [...moved.words, ["route", routerOf(web), "10.99.0.0/16", "nothing", "-"]];
    await expect(bench.run([{ ...moved, words }])).rejects.toThrow();
    expect(bench.ask("open", "web").records).toEqual(["web. 5 A 10.20.200.1"]);
    expect(await bench.drift(web)).toEqual([]);
  });

  test("a first entry that fails leaves no server", async () => {
    const web = entryIn("open", "web");
    const fragment = namesFragment(web);
    const words = [...fragment.words, ["route", routerOf(web), "10.99.0.0/16", "nothing", "-"]];
    await expect(bench.run([{ ...fragment, words }])).rejects.toThrow();
    expect(bench.servers(routerOf(web))).toEqual([]);
    expect(existsSync(`${bench.host.ledger}/dns`)).toBe(false);
  });
});

describe("what somebody did to it", () => {
  const conf = (intent: ServiceIntent): string => `/etc/unbound/sdn/${routerOf(intent)}.conf`;
  const damages: readonly (readonly [string, (intent: ServiceIntent) => void, string])[] = [
    [
      "the server was killed",
      (intent) => void sh(`ip netns pids ${routerOf(intent)} | xargs kill -KILL`),
      "the DNS server of % does not run",
    ],
    [
      "its configuration was changed",
      (intent) => void sh(`sed -i s/10.20.200.1/10.9.9.9/ ${conf(intent)}`),
      "the configuration of the DNS server of % was changed",
    ],
    [
      "it was told something else",
      (intent) =>
        void sh(`cp ${conf(intent)} ${conf(intent)}.kept; sed -i s/sdn-[0-9]*/other/ ${conf(intent)}
          nsenter --net=/run/netns/${routerOf(intent)} unbound-control -c ${conf(intent)} reload; mv ${conf(intent)}.kept ${conf(intent)}`),
      "the DNS server of % answers with other settings or names than were written",
    ],
    [
      "an entry's file was deleted",
      () => void sh(`rm ${bench.host.ledger}/dns/*/entries/web`),
      "names of web in % are missing",
    ],
    [
      "the redirect was deleted",
      (intent) => void sh(`ip netns exec ${routerOf(intent)} nft delete chain inet sdn names`),
      "nftables chain inet sdn names in % is missing",
    ],
  ];

  test.each(damages)("%s: said by a refresh, mended by an up", async (_name, strike, says) => {
    const web = entryIn("open", "web");
    await apply(web);
    strike(web);
    expect(await bench.drift(web)).toContain(says.replace("%", routerOf(web)));
    await apply(web);
    expect(await bench.drift(web)).toEqual([]);
    expect(bench.ask("open", "web").records).toEqual(["web. 5 A 10.20.200.1"]);
  });

  test.each(damages)("%s: mended by the host itself", async (_name, strike) => {
    const web = entryIn("open", "web");
    await apply(web);
    await bench.again("assert");
    strike(web);
    await bench.again("assert");
    expect(await bench.drift(web)).toEqual([]);
    expect(bench.ask("open", "web").records).toEqual(["web. 5 A 10.20.200.1"]);
  });
});

test("what is no record never gets into the configuration, whoever wrote the file", async () => {
  const web = entryIn("open", "web");
  await apply(web);
  const folder = `${bench.host.ledger}/dns/${routerOf(web)}/entries`;
  writeFileSync(`${folder}/odd`, 'data odd. 5 A 10.9.9.9"\ninclude: "/etc/passwd"\n');
  await apply({ ...web, ipv4: "10.20.200.4" });
  expect(readdirSync(folder).sort()).toEqual(["odd", "web"]);
  expect(bench.ask("open", "odd").status).not.toBe("NOERROR");
  expect(bench.ask("open", "web").records).toEqual(["web. 5 A 10.20.200.4"]);
  sh(`rm ${folder}/odd`);
});
