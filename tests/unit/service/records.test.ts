/** What the names of an entry answer with. */
import type { ServiceIntent } from "../../../provider/src/compile/service/intent";
import { recordsOf, reverseName } from "../../../provider/src/compile/service/records";
import { SdnError } from "../../../provider/src/model/error";
import { entryOf, serviceIntent } from "../../support/services";

const headless = { ipv4: undefined, ipv6: undefined };
const addresses = ["10.20.1.5", "10.20.1.6", "fd00:20:1::5"];
const backends = addresses.map((address) => ({ kind: "address", address, weight: 1 }) as const);
const { dns } = serviceIntent();

const cases: readonly {
  readonly name: string;
  readonly intent: ServiceIntent;
  readonly records: readonly string[];
}[] = [
  {
    name: "a virtual address of each family, by the whole name and by the short one, and back",
    intent: serviceIntent({ ports: [] }),
    records: [
      "data web.shop.sdn.internal. 5 A 10.20.200.1",
      "data web.shop.sdn.internal. 5 AAAA fd00:20:ff::1",
      "data web. 5 A 10.20.200.1",
      "data web. 5 AAAA fd00:20:ff::1",
      "data 1.200.20.10.in-addr.arpa. 5 PTR web.shop.sdn.internal.",
      "data 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.f.0.0.0.2.0.0.0.0.d.f.ip6.arpa. 5 PTR web.shop.sdn.internal.",
    ],
  },
  {
    name: "one family alone",
    intent: serviceIntent({ ipv6: undefined, ports: [] }),
    records: [
      "data web.shop.sdn.internal. 5 A 10.20.200.1",
      "data web. 5 A 10.20.200.1",
      "data 1.200.20.10.in-addr.arpa. 5 PTR web.shop.sdn.internal.",
    ],
  },
  {
    name: "several names: addresses lead back to the first",
    intent: serviceIntent({
      ipv6: undefined,
      ports: [],
      dns: { ...dns, ttl: 30, names: ["web.shop.sdn.internal", "api.v1.shop.sdn.internal", "www.example.com"] },
    }),
    records: [
      "data web.shop.sdn.internal. 30 A 10.20.200.1",
      "data web. 30 A 10.20.200.1",
      // With a dot in it, what is left may be somebody's name.
      "data api.v1.shop.sdn.internal. 30 A 10.20.200.1",
      "data www.example.com. 30 A 10.20.200.1",
      "data 1.200.20.10.in-addr.arpa. 30 PTR web.shop.sdn.internal.",
    ],
  },
  {
    name: "headless: the backends, and the ports on which they listen",
    intent: serviceIntent({ ...headless, backends: backends.slice(0, 2) }),
    records: [
      "data web.shop.sdn.internal. 5 A 10.20.1.5",
      "data web.shop.sdn.internal. 5 A 10.20.1.6",
      "data web. 5 A 10.20.1.5",
      "data web. 5 A 10.20.1.6",
      "data 5.1.20.10.in-addr.arpa. 5 PTR web.shop.sdn.internal.",
      "data 6.1.20.10.in-addr.arpa. 5 PTR web.shop.sdn.internal.",
      "data _http._tcp.web.shop.sdn.internal. 5 SRV 0 0 8080 web.shop.sdn.internal.",
    ],
  },
  {
    name: "headless without backends: no name",
    intent: serviceIntent({ ...headless, ports: [], backends: [] }),
    records: [],
  },
  {
    name: "each port that has a name, as clients reach it",
    intent: serviceIntent({
      ipv6: undefined,
      ports: [
        { name: "HTTP", protocol: "tcp", port: 80, targetPort: 8080 },
        { name: "dns", protocol: "udp", port: 53, targetPort: 5353 },
        { name: undefined, protocol: "tcp", port: 22, targetPort: 22 },
      ],
    }),
    records: [
      "data web.shop.sdn.internal. 5 A 10.20.200.1",
      "data web. 5 A 10.20.200.1",
      "data 1.200.20.10.in-addr.arpa. 5 PTR web.shop.sdn.internal.",
      "data _http._tcp.web.shop.sdn.internal. 5 SRV 0 0 80 web.shop.sdn.internal.",
      "data _dns._udp.web.shop.sdn.internal. 5 SRV 0 0 53 web.shop.sdn.internal.",
    ],
  },
  {
    name: "a name outside: aliases, and ports of that name",
    intent: entryOf("pay", { ...headless, backends: [{ kind: "external", name: "pay.example.com" }] }),
    records: [
      "alias pay.shop.sdn.internal. 5 pay.example.com.",
      "alias pay. 5 pay.example.com.",
      "data _http._tcp.pay.shop.sdn.internal. 5 SRV 0 0 8080 pay.example.com.",
    ],
  },
];

test.each(cases)("$name", ({ intent, records }) => {
  expect(recordsOf(intent)).toEqual(records);
});

test.each(['web".shop', "web\nshop", "web;shop", "we(b"])(
  "%j is never written into a server's configuration",
  (name) => {
    expect(() => recordsOf(serviceIntent({ dns: { ...dns, names: [name] } }))).toThrow(SdnError);
  },
);

test("an address in any notation has one reverse name", () => {
  expect(reverseName("FD00::0:5")).toBe(reverseName("fd00::5"));
});
