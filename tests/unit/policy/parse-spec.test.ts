/** From the spec of a policy to the policy core's types, and what the two say of the same packets. */
import type { PolicySpec } from "../../../provider/src/compile/firewall/intent";
import { groupsOf, labelledEndpoint, namedIn, policyOf } from "../../../provider/src/compile/firewall/parse-spec";
import { judge } from "../../../provider/src/policy/evaluate";
import { parseService, type ServiceText } from "../../../provider/src/policy/service";
import type { Service } from "../../../provider/src/policy/transport";
import type { World } from "../../../provider/src/policy/world";
import { cidr, ip } from "../../support/policy/shop";

const web = { name: "web", vni: 5001, routerVni: 5000, cidrs: ["10.20.1.0/24", "fd00:20:1::/64"] };
const web1 = { name: "web1", vni: 5001, routerVni: 5000, addresses: ["10.20.1.9"], host: "netns:h1" };

const spec: PolicySpec = {
  label: "guard",
  name: "guard",
  tier: "admin",
  priority: 10,
  appliesTo: [
    { kind: "network", name: "bank", vni: 6000 },
    { kind: "group", name: "webs" },
    { kind: "subnet", ...web },
    { kind: "endpoint", ...web1 },
    { kind: "host", name: "h1", uri: "netns:h1" },
  ],
  rules: [
    {
      name: "https",
      reason: "the shop",
      direction: "ingress",
      action: "allow",
      peers: [
        { kind: "cidr", cidr: "203.0.113.0/24", except: ["203.0.113.64/26"] },
        { kind: "group", name: "webs" },
        { kind: "name", name: "mirror.example.com" },
      ],
      services: [
        { protocol: "tcp", ports: "443,8000-8010" },
        { protocol: "icmp", icmpTypes: ["echo-request"] },
      ],
      expires: "2027-01-15T08:00:00Z",
      log: "5/minute",
    },
    { name: "off", direction: "egress", action: "deny", peers: [{ kind: "any" }], services: "any", enabled: false },
    { name: "in", direction: "ingress", action: "deny", peers: [{ kind: "subnet", ...web }], services: [] },
    { name: "one", direction: "ingress", action: "deny", peers: [{ kind: "endpoint", ...web1 }], services: "any" },
  ],
  defaults: { ingress: "isolate", egress: "continue" },
  defaultLog: "1/hour",
  enforcement: "watch",
  watchUntil: "2027-01-15T08:00:00Z",
  onClose: "keep",
  groups: [
    {
      name: "webs",
      members: [
        { kind: "labels", matchLabels: { app: "web" } },
        { kind: "containers", matchExpressions: [{ key: "app", operator: "Exists" }] },
        { kind: "endpoint", ...web1 },
        { kind: "subnet", ...web },
        { kind: "cidr", cidr: "192.0.2.0/24" },
      ],
    },
  ],
};

test("a policy: every text parsed, every name one of the world's", () => {
  const limit = (rate: number, per: string) => ({ rate, per, burst: rate });
  expect(policyOf(spec)).toEqual({
    name: "guard",
    tier: "admin",
    priority: 10,
    appliesTo: [
      { kind: "network", name: "6000" },
      { kind: "group", name: "guard/webs" },
      { kind: "subnet", name: "5001" },
      { kind: "endpoint", name: "5001/web1" },
      { kind: "host", name: "netns:h1" },
    ],
    rules: [
      {
        name: "https",
        reason: "the shop",
        direction: "ingress",
        action: "allow",
        peers: [
          { kind: "cidr", cidr: cidr("203.0.113.0/24"), except: [cidr("203.0.113.64/26")] },
          { kind: "group", name: "guard/webs" },
          { kind: "name", name: "mirror.example.com" },
        ],
        services: [
          {
            kind: "ports",
            protocol: 6,
            ports: [
              { first: 443, last: 443 },
              { first: 8000, last: 8010 },
            ],
          },
          { kind: "icmp", family: 4, types: [{ type: 8 }] },
          { kind: "icmp", family: 6, types: [{ type: 128 }] },
        ],
        enabled: true,
        expires: 1_800_000_000,
        log: limit(5, "minute"),
      },
      { name: "off", direction: "egress", action: "deny", peers: [{ kind: "any" }], services: "any", enabled: false },
      {
        name: "in",
        direction: "ingress",
        action: "deny",
        peers: [{ kind: "subnet", name: "5001" }],
        services: [],
        enabled: true,
      },
      {
        name: "one",
        direction: "ingress",
        action: "deny",
        peers: [{ kind: "endpoint", name: "5001/web1" }],
        services: "any",
        enabled: true,
      },
    ],
    defaults: { ingress: "isolate", egress: "continue" },
    defaultLog: limit(1, "hour"),
    enforcement: { mode: "watch", until: 1_800_000_000 },
    onClose: "keep",
  });
});

test("its groups are its own", () => {
  expect(groupsOf(spec)).toEqual([
    {
      name: "guard/webs",
      members: [
        { kind: "labels", selector: { matchLabels: { app: "web" }, matchExpressions: [] } },
        { kind: "containers", selector: { matchLabels: {}, matchExpressions: [{ key: "app", operator: "Exists" }] } },
        { kind: "endpoint", name: "5001/web1" },
        { kind: "subnet", name: "5001" },
        { kind: "cidr", cidr: cidr("192.0.2.0/24"), except: [] },
      ],
    },
  ]);
});

test("what it names, each once", () => {
  expect(namedIn(spec)).toEqual({
    networks: ["6000", "5000"],
    segments: [{ name: "5001", network: "5000", cidrs: [cidr("10.20.1.0/24"), cidr("fd00:20:1::/64")] }],
    endpoints: [{ name: "5001/web1", segment: "5001", host: "netns:h1", addresses: [ip("10.20.1.9")], labels: {} }],
  });
});

test("a group that the spec does not have is an error, not an empty group", () => {
  expect(() => policyOf({ ...spec, groups: [] })).toThrow("policy guard: there is no group webs");
});

test.each<[string, Partial<PolicySpec>, string]>([
  [
    "a port",
    { rules: [{ ...spec.rules[0]!, services: [{ protocol: "tcp", ports: "x" }] }] },
    "rules[0].services[0].ports",
  ],
  ["a block", { rules: [{ ...spec.rules[0]!, peers: [{ kind: "cidr", cidr: "x" }] }] }, "rules[0].peers[0].cidr"],
  ["a moment", { watchUntil: "soon" }, "watchUntil"],
  ["a limit", { defaultLog: "x" }, "defaultLog"],
])("%s that no grammar accepts is told where it is", (_case, wrong, property) => {
  expect(() => policyOf({ ...spec, ...wrong })).toThrow(`${property}: the value is`);
});

test.each<[ServiceText, readonly Service[]]>([
  [{ protocol: "tcp" }, [{ kind: "protocol", protocol: 6 }]],
  [{ protocol: "6", ports: "80" }, [{ kind: "ports", protocol: 6, ports: [{ first: 80, last: 80 }] }]],
  [
    { protocol: "icmp" },
    [
      { kind: "protocol", protocol: 1 },
      { kind: "protocol", protocol: 58 },
    ],
  ],
  [{ protocol: "1" }, [{ kind: "protocol", protocol: 1 }]],
  [{ protocol: "icmpv6" }, [{ kind: "protocol", protocol: 58 }]],
  [{ protocol: "icmp", icmpTypes: ["8"] }, [{ kind: "icmp", family: 4, types: [{ type: 8 }] }]],
  [{ protocol: "icmp", icmpTypes: ["packet-too-big"] }, [{ kind: "icmp", family: 6, types: [{ type: 2 }] }]],
  [
    { protocol: "icmp", icmpTypes: ["destination-unreachable/4", "redirect"] },
    [
      { kind: "icmp", family: 4, types: [{ type: 3, code: 4 }, { type: 5 }] },
      { kind: "icmp", family: 6, types: [{ type: 1, code: 4 }, { type: 137 }] },
    ],
  ],
  [{ protocol: "icmpv6", icmpTypes: ["echo-request"] }, [{ kind: "icmp", family: 6, types: [{ type: 128 }] }]],
  [{ protocol: "icmp", icmpTypes: [] }, []],
])("service %j", (text, expected) => {
  expect(parseService(text, "at")).toEqual(expected);
});

test("two policies' groups of one name stay apart, and a labelled endpoint is in the one that selects it", () => {
  const member = labelledEndpoint({ ...web1, label: "web1", labels: { app: "web" } });
  const of = (name: string, priority: number, app: string): PolicySpec => ({
    ...spec,
    name,
    priority,
    appliesTo: [{ kind: "group", name: "g" }],
    rules: [],
    defaults: { ingress: "deny", egress: "continue" },
    enforcement: "enforced",
    groups: [{ name: "g", members: [{ kind: "labels", matchLabels: { app } }] }],
  });
  const specs = [of("first", 1, "db"), of("second", 2, "web")];
  const world: World = {
    networks: [{ name: "5000", peers: [] }],
    segments: [
      {
        name: "5001",
        network: "5000",
        bridge: "sdn-b-5001",
        zone: 1,
        hosts: ["netns:h1"],
        cidrs: [cidr("10.20.1.0/24")],
      },
    ],
    endpoints: [member],
    groups: specs.flatMap(groupsOf),
    hostRanges: [],
  };
  const packet = {
    source: { address: ip("203.0.113.1"), segment: undefined },
    destination: { address: ip("10.20.1.9"), segment: "5001" },
    protocol: 6,
    port: 80,
    time: 0,
  };
  expect(judge(specs.map(policyOf), packet, world, "ingress")).toMatchObject({ verdict: "deny", by: "second/default" });
});
