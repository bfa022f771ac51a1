import type { FirewallDocument, Site } from "../../../provider/src/compile/firewall/document";
import { changed, emptyDocument, isVacant } from "../../../provider/src/compile/firewall/document";
import { holdWords } from "../../../provider/src/compile/firewall/hold";
import type { MemberSpec } from "../../../provider/src/compile/firewall/intent";
import { siteOf } from "../../../provider/src/compile/firewall/site";
import type { Intent, PortIntent, SegmentIntent } from "../../../provider/src/compile/intent";

const base = { owner: "shop/dev", scope: "" };
const segment: SegmentIntent = {
  ...base,
  kind: "segment",
  label: "web",
  vni: 5001,
  routerVni: 5000,
  mtu: 1450,
  underlay: "192.0.2.11",
  port: 4789,
  peers: [],
  ipv4: { cidr: "10.20.1.0/24", gateway: "10.20.1.1", router: "10.20.1.64", range: "10.20.1.64/28" },
  ipv6: { cidr: "fd00:20:1::/64", gateway: "fd00:20:1::1", router: "fd00:20:1::1000", range: "fd00:20:1::1000/120" },
  dockerNetwork: undefined,
};
const port: PortIntent = {
  ...base,
  kind: "port",
  label: "web1",
  name: "web1",
  vni: 5001,
  routerVni: 5000,
  mtu: 1450,
  mac: "0e:5d:00:00:00:01",
  ipv4: { address: "10.20.1.10/24", gateway: "10.20.1.1" },
  ipv6: { address: "fd00:20:1:0::a/64", gateway: "fd00:20:1::1" },
  attachment: { kind: "namespace", namespace: "web1", interface: "eth0" },
  guard: { bindMac: true, pairs: [{ cidr: "10.20.1.200/32", mac: undefined }] },
};
const peering: Intent = {
  ...base,
  kind: "peering",
  label: "bridge",
  vni: 5009,
  mtu: 1450,
  sides: [
    { network: "b", routerVni: 6000, ipv4: undefined, ipv6: undefined, prefixes: [] },
    { network: "a", routerVni: 5000, ipv4: undefined, ipv6: undefined, prefixes: [] },
  ],
};

describe("what a host has", () => {
  test("segments with what is at home there, ports without prefix lengths, peerings as pairs", () => {
    expect(siteOf([port, peering, segment])).toEqual<Site>({
      segments: [
        {
          vni: 5001,
          routerVni: 5000,
          cidrs: ["10.20.1.0/24", "fd00:20:1::/64"],
          ranges: ["10.20.1.64/28", "fd00:20:1::1000/120", "10.20.1.200/32"],
        },
      ],
      ports: [{ name: "web1", vni: 5001, addresses: ["10.20.1.10", "fd00:20:1::a"] }],
      peerings: [[5000, 6000]],
      underlayPorts: [4789],
    });
  });

  test("is the same whatever the order of the records", () => {
    const other = { ...port, name: "web0" };
    const all: readonly Intent[] = [segment, port, other, peering, { ...segment, vni: 5002 }];
    expect(siteOf([...all].reverse())).toEqual(siteOf(all));
  });
});

describe("entries", () => {
  const member = (name: string): MemberSpec => ({
    label: name,
    name,
    vni: 5001,
    routerVni: 5000,
    addresses: [],
    labels: { app: name },
  });
  const put = (document: FirewallDocument, name: string): FirewallDocument =>
    changed(document, [
      { kind: "member", key: `5001/${name}`, entry: { owner: "shop/dev", generation: 1, spec: member(name) } },
    ]);

  test("a document does not depend on the order in which entries came", () => {
    const [one, other] = [put(put(emptyDocument, "a"), "b"), put(put(emptyDocument, "b"), "a")];
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  });

  test("without its last entry it is vacant", () => {
    const document = put(emptyDocument, "a");
    expect(isVacant(document)).toBe(false);
    expect(isVacant(changed(document, [{ kind: "member", key: "5001/a", entry: undefined }]))).toBe(true);
  });
});

describe("what is held until the firewall knows it", () => {
  test.each<[string, Intent | undefined, Intent, readonly (readonly (string | number)[])[]]>([
    ["a new segment, as a whole", undefined, segment, [["firewall_hold", "sdn-b-5001"]]],
    ["a segment that was there is not closed for a change of it", segment, { ...segment, mtu: 1400 }, []],
    ["a new port's addresses", undefined, port, [["firewall_hold", "sdn-b-5001", "10.20.1.10,fd00:20:1:0::a"]]],
    ["nothing of a port that keeps its addresses", port, { ...port, mac: "0e:5d:00:00:00:02" }, []],
    [
      "only the new one of its addresses",
      port,
      { ...port, ipv4: { address: "10.20.1.11/24" } },
      [["firewall_hold", "sdn-b-5001", "10.20.1.11"]],
    ],
    ["nothing for a peering", undefined, peering, []],
  ])("%s", (_what, before, intent, words) => {
    expect(holdWords(before, intent)).toEqual(words);
  });
});
