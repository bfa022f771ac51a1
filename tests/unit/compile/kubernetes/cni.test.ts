/** Lists for CNI runtimes: which bridge, which addresses, which ways. */
import {
  type CniConfigList,
  cniConfigList,
  type PodAddresses,
  type PodSubnet,
} from "../../../../provider/src/compile/kubernetes/cni";
import { cidr, ip } from "../../../support/policy/shop";

const both: PodSubnet = {
  vni: 5001,
  mtu: 1450,
  cidrs: ["10.20.1.0/24", "fd00:20:1::/64"].map(cidr),
  gateways: ["10.20.1.1", "fd00:20:1::1"].map(ip),
};
const endpoints: PodAddresses = { kind: "endpoints" };
const ranges = (...texts: readonly string[]): PodAddresses => ({ kind: "hosts", ranges: texts.map(cidr) });
const bridgeOf = (list: CniConfigList): unknown => (list["plugins"] as readonly unknown[])[0];

test("pods with addresses of endpoints get them, and their MAC, from the runtime", () => {
  expect(cniConfigList("web", both, endpoints, [cidr("10.20.0.0/16"), cidr("fd00:20::/48")])).toEqual({
    cniVersion: "1.0.0",
    name: "web",
    plugins: [
      {
        type: "bridge",
        bridge: "sdn-b-5001",
        mtu: 1450,
        isGateway: false,
        ipMasq: false,
        capabilities: { mac: true, ips: true },
        ipam: {
          type: "static",
          routes: [
            { dst: "10.20.0.0/16", gw: "10.20.1.1" },
            { dst: "fd00:20::/48", gw: "fd00:20:1::1" },
          ],
        },
      },
    ],
  });
});

test.each([
  ["without the host's router", "10.20.1.64/28", { rangeStart: "10.20.1.65", rangeEnd: "10.20.1.79" }],
  ["without the subnet's broadcast address", "10.20.1.240/28", { rangeStart: "10.20.1.241", rangeEnd: "10.20.1.254" }],
  [
    "of IPv6, which has no broadcast",
    "fd00:20:1:0:f000::/68",
    { rangeStart: "fd00:20:1:0:f000::1", rangeEnd: "fd00:20:1:0:ffff:ffff:ffff:ffff" },
  ],
])("a host hands out its range %s", (_, range, expected) => {
  const subnet = range.includes(":") ? "fd00:20:1::/64" : "10.20.1.0/24";
  expect(bridgeOf(cniConfigList("web", both, ranges(range), []))).toMatchObject({
    capabilities: { mac: true },
    ipam: { type: "host-local", ranges: [[{ subnet, ...expected }]] },
  });
});

test("a route without a gateway of its family is refused", () => {
  const internal: PodSubnet = { ...both, gateways: [] };
  const only4: PodSubnet = { ...both, gateways: [ip("10.20.1.1")] };
  expect(() => cniConfigList("web", internal, endpoints, [cidr("0.0.0.0/0")])).toThrow(
    "routes[0]: the subnet has no IPv4 gateway",
  );
  expect(() => cniConfigList("web", only4, endpoints, [cidr("0.0.0.0/0"), cidr("::/0")])).toThrow(
    "routes[1]: the subnet has no IPv6 gateway",
  );
});
