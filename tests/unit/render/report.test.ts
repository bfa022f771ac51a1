import { driftOf, queriesOf } from "../../../provider/src/compile/plan";
import { parseReport } from "../../../provider/src/render/report";
import { encodeText } from "../../../provider/src/render/words";
import { portIntent, routerIntent, segmentIntent } from "../../support/intents";
import { ModelHost } from "../../support/model-host";
import { applyFragment, requestOf } from "../../support/requests";

const section = (title: string, where: string, content: unknown): string =>
  `section ${title} ${where} ${encodeText(typeof content === "string" ? content : JSON.stringify(content))}\n`;

test("two endpoints in one namespace are both seen", () => {
  const host = new ModelHost();
  host.addNamespace("box");
  const attachment = { kind: "namespace", namespace: "box", interface: "eth1" } as const;
  const one = portIntent("namespace", { ipv4: undefined });
  const two = portIntent("namespace", { name: "box1", ipv4: undefined, mac: "02:42:0a:14:01:07", attachment });
  const all = [routerIntent(), segmentIntent(), one, two];
  const { snapshot } = parseReport(
    host.run(
      requestOf(
        "",
        all.map((intent) => applyFragment(intent)),
        all,
      ),
    ),
  );
  expect(queriesOf(two)).toEqual([["query_namespace", "box", "eth1"]]);
  expect(all.flatMap((intent) => driftOf(intent, snapshot))).toEqual([]);
});

test("lines and sections that a newer program may add are passed over", () => {
  const { snapshot } = parseReport(`news 1 2 3\n${section("surprise", "-", "x")}\ncomplete\n`);
  expect(snapshot.host.links.size).toBe(0);
});

test("sections of commands that printed nothing are nothing", () => {
  const { snapshot } = parseReport(
    "section addresses - \nsection nft - \nsection fdb - \nsection container container:x \ncomplete\n",
  );
  expect([snapshot.host.links.size, snapshot.host.tables.size, snapshot.fdb, snapshot.containers.size]).toEqual([
    0,
    0,
    [],
    0,
  ]);
});

test("addresses and routes come in canonical form, link-local addresses not at all", () => {
  const addresses = [
    {
      ifname: "eth0",
      flags: ["UP"],
      mtu: 1500,
      address: "02:00:00:00:00:01",
      addr_info: [
        { local: "2001:db8:0:0::1", prefixlen: 64, scope: "global" },
        { local: "fe80::1", prefixlen: 64, scope: "link" },
      ],
    },
  ];
  const routes = [
    { dst: "default", gateway: "fe80::9", dev: "eth0" },
    { dst: "2001:db8::5", dev: "eth0" },
    { type: "blackhole", dst: "fd00::/48", dev: "lo", metric: 1024 },
  ];
  const text = `${section("addresses", "-", addresses)}${section("routes6", "-", routes)}complete\n`;
  const { host } = parseReport(text).snapshot;
  expect(host.links.get("eth0")).toMatchObject({ up: true, addresses: ["2001:db8::1/64"] });
  expect(host.routes).toEqual([
    { destination: "::/0", device: "eth0", via: "fe80::9", metric: 0 },
    { destination: "2001:db8::5/128", device: "eth0", via: undefined, metric: 0 },
    { destination: "fd00::/48", device: "blackhole", via: undefined, metric: 1024 },
  ]);
});

test("elements of sets: names, concatenations and the long form", () => {
  const nft = {
    nftables: [
      { metainfo: {} },
      { table: { family: "inet", name: "sdn" } },
      { set: { family: "inet", table: "sdn", name: "pairs", elem: [{ concat: ["a", "b"] }] } },
      { set: { family: "inet", table: "sdn", name: "bridges", elem: ["a", { elem: { val: "b", counter: {} } }] } },
      { chain: { family: "inet", table: "sdn", name: "forward" } },
      { rule: { family: "inet", table: "sdn", chain: "forward", comment: "sdn:x", expr: [] } },
      {
        map: {
          family: "inet",
          table: "sdn",
          name: "ports4",
          elem: [
            [{ concat: ["192.0.2.1", "tcp", { range: [8000, 8010] }] }, "100.64.0.1"],
            [{ elem: { val: { concat: ["192.0.2.1", "tcp", 80] }, comment: "mark" } }, "100.64.0.2"],
          ],
        },
      },
    ],
  };
  const table = parseReport(`${section("nft", "-", nft)}complete\n`).snapshot.host.tables.get("inet sdn");
  expect(table?.sets.get("pairs")).toEqual(new Set(["a . b"]));
  expect(table?.sets.get("bridges")).toEqual(new Set(["a", "b"]));
  expect(table?.chains.get("forward")).toBe(1);
  expect(table?.comments.get("forward")).toEqual(["sdn:x"]);
  expect([...(table?.maps.get("ports4") ?? [])]).toEqual([
    ["192.0.2.1 . tcp . 8000-8010", "100.64.0.1"],
    ["192.0.2.1 . tcp . 80", "100.64.0.2"],
  ]);
});

test("a Docker network and a container, as the engine describes them", () => {
  const networks = [
    { Name: "none", Driver: "null", Labels: null, Options: null, IPAM: { Config: null } },
    {
      Name: "shop-web",
      Driver: "bridge",
      Labels: { "sdn.mark": "sdn:shop/dev:segment-5001" },
      Options: { "com.docker.network.bridge.name": "sdn-b-5001" },
      IPAM: { Config: [{ Subnet: "10.20.1.0/24", Gateway: "10.20.1.64" }] },
      Id: "4f5e",
      Containers: {
        c0ffee: {
          Name: "web-1",
          IPv4Address: "10.20.1.5/24",
          IPv6Address: "",
          MacAddress: "02:42:0a:14:01:05",
        },
      },
    },
  ];
  const container = [
    {
      Name: "/web-1",
      State: { Running: true },
      HostConfig: { NetworkMode: "shop-web" },
      NetworkSettings: {
        Networks: { "shop-web": { IPAddress: "10.20.1.5", GlobalIPv6Address: "", MacAddress: "02:42:0a:14:01:05" } },
      },
    },
  ];
  const text = `${section("docker-networks", "-", networks)}${section("container", "container:web-1", container)}complete\n`;
  const { dockerNetworks, containers } = parseReport(text).snapshot;
  expect(dockerNetworks).toEqual([
    { id: "", name: "none", driver: "null", mark: "", bridge: "", subnets: [], containers: [] },
    {
      id: "4f5e",
      name: "shop-web",
      driver: "bridge",
      mark: "sdn:shop/dev:segment-5001",
      bridge: "sdn-b-5001",
      subnets: ["10.20.1.0/24"],
      containers: [{ name: "web-1", ipv4: "10.20.1.5", ipv6: "", mac: "02:42:0a:14:01:05" }],
    },
  ]);
  expect(containers.get("web-1")).toEqual({
    name: "web-1",
    running: true,
    networkMode: "shop-web",
    networks: new Map([["shop-web", { ipv4: "10.20.1.5", ipv6: "", mac: "02:42:0a:14:01:05" }]]),
  });
});

describe("the firewall", () => {
  const firewallOf = (text: string) => parseReport(`${text}complete\n`).snapshot.firewall;
  const encodedDocument = encodeText('{"entries":[]}');

  test("of a host without one, nothing is said", () => {
    expect(firewallOf("")).toEqual({
      record: undefined,
      damaged: false,
      table: undefined,
      next: false,
      armed: undefined,
      held: [],
      session: undefined,
      flows: [],
      ownFlows: [],
      tableJson: undefined,
      unpatched: false,
      reached: [],
      hits: undefined,
      foreign: undefined,
      checks: new Map(),
      disarmed: new Map(),
      rolledBack: new Map(),
    });
  });

  test("its record is none of the ledger's, and comes without the document where nobody asked", () => {
    const { ledger, firewall } = parseReport("ledger firewall 3 abc sdn:firewall - whole\ncomplete\n").snapshot;
    expect(ledger.size).toBe(0);
    expect(firewall.record).toEqual({
      generation: 3,
      hash: "abc",
      mark: "sdn:firewall",
      intent: undefined,
      restorable: true,
    });
    expect(firewallOf(`ledger firewall 3 abc sdn:firewall ${encodedDocument} whole\n`).record?.intent).toBe(
      '{"entries":[]}',
    );
  });

  test("a record that is damaged is told apart from none", () => {
    const { damaged, firewall } = parseReport("damaged firewall\ncomplete\n").snapshot;
    expect([firewall.damaged, damaged.size]).toEqual([true, 0]);
    expect(firewallOf("ledger firewall 3 abc sdn:firewall *** whole\n")).toMatchObject({
      damaged: true,
      record: undefined,
    });
  });

  test("all that it says when it is asked", () => {
    const text = [
      "firewall-table changed",
      "firewall-next",
      "firewall-armed n1 1795630226",
      "firewall-held sdn-b-5001 10.20.1.5",
      "firewall-held sdn-b-5002 -",
      "firewall-session 2001:db8::1 4000 2001:db8::2 22",
      `section flows - ${encodeText("one zone=1\ntwo zone=2\n")}`,
      `section own-flows - ${encodeText("three\n")}`,
      `section firewall-table - ${encodeText("{}")}`,
      `section foreign - ${encodeText("table ip a {\n}\n")}`,
      `section foreign-legacy ip ${encodeText("*filter\nCOMMIT\n")}`,
      "",
    ].join("\n");
    expect(firewallOf(text)).toMatchObject({
      table: "changed",
      next: true,
      armed: { nonce: "n1", deadline: 1795630226 },
      held: [
        { bridge: "sdn-b-5001", address: "10.20.1.5" },
        { bridge: "sdn-b-5002", address: undefined },
      ],
      session: { clientAddress: "2001:db8::1", clientPort: 4000, serverAddress: "2001:db8::2", serverPort: 22 },
      flows: ["one zone=1", "two zone=2"],
      ownFlows: ["three"],
      tableJson: "{}",
      foreign: { tables: "table ip a {\n}\n", legacy: ["*filter\nCOMMIT\n"] },
    });
  });

  test("what its rules counted: in all, since when, and when the last packet came", () => {
    const lines = [
      "12 720 112 6720 1767225600 1767229200 db/ssh",
      "0 0 4 240 1767225600 - db/default watch",
      "spoiled",
    ];
    expect(firewallOf(`section firewall-hits - ${encodeText(lines.join("\n"))}\n`).hits).toEqual([
      { name: "db/ssh", watched: false, packets: 112, bytes: 6720, since: 1767225600, last: 1767229200 },
      { name: "db/default", watched: true, packets: 4, bytes: 240, since: 1767225600, last: undefined },
    ]);
    expect(firewallOf("section firewall-hits - \n").hits).toEqual([]);
  });

  test("the answers to several askers are told apart", () => {
    const { checks, disarmed, rolledBack } = firewallOf(
      [
        "firewall-checked a ok",
        `firewall-checked b refused ${encodeText("No such file or directory")}`,
        "firewall-disarmed n1 yes",
        "firewall-disarmed n2 no",
        "firewall-rolled-back n3 yes",
        "",
      ].join("\n"),
    );
    expect([...checks]).toEqual([
      ["a", undefined],
      ["b", "No such file or directory"],
    ]);
    expect([...disarmed]).toEqual([
      ["n1", true],
      ["n2", false],
    ]);
    expect([...rolledBack]).toEqual([["n3", true]]);
  });
});
