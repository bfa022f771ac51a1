/** A fleet with ten thousand endpoints in a hundred applications, and policies that let some of these reach others. */
import { parseAddress } from "../../../provider/src/model/address";
import { parseCidr } from "../../../provider/src/model/cidr";
import type { Policy } from "../../../provider/src/policy/rule";
import type { Group, PlacedEndpoint, Segment, World } from "../../../provider/src/policy/world";
import { policy, rule } from "../policy/policies";

export interface Large {
  readonly world: World;
  readonly policies: readonly Policy[];
  readonly hosts: readonly string[];
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** @param endpoints at most 25,000: a hundred in each of the subnets of one network */
export function largeFleet(endpoints: number, policies: number, apps = 100): Large {
  const hosts = range(100).map((index) => `h${index}`);
  const segments = range(Math.ceil(endpoints / 100)).map((index): Segment => ({
    name: `s${index}`,
    network: "large",
    bridge: `sdn-b-${index}`,
    zone: index + 1,
    hosts,
    cidrs: [parseCidr(`10.${index >> 8}.${index & 255}.0/24`, "test")],
  }));
  const placed = range(endpoints).map((index): PlacedEndpoint => {
    const segment = Math.floor(index / 100);
    return {
      name: `e${index}`,
      segment: `s${segment}`,
      host: hosts[index % hosts.length] ?? "",
      addresses: [parseAddress(`10.${segment >> 8}.${segment & 255}.${10 + (index % 100)}`, "test")],
      labels: { app: `a${index % apps}` },
    };
  });
  const groups = range(apps).map((index): Group => ({
    name: `g${index}`,
    members: [{ kind: "labels", selector: { matchLabels: { app: `a${index}` }, matchExpressions: [] } }],
  }));
  return {
    hosts,
    world: { networks: [{ name: "large", peers: [] }], segments, endpoints: placed, groups, hostRanges: [] },
    policies: range(policies).map((index) => largePolicy(index, apps)),
  };
}

function largePolicy(index: number, apps: number): Policy {
  const peer = (index * 7 + Math.floor(index / apps) * 13) % apps;
  const ports = [{ first: 1000 + index, last: 1000 + index }];
  return policy(`p${index}`, {
    priority: index,
    appliesTo: [{ kind: "group", name: `g${index % apps}` }],
    rules: [
      rule("in", { peers: [{ kind: "group", name: `g${peer}` }], services: [{ kind: "ports", protocol: 6, ports }] }),
    ],
    defaults: { ingress: "isolate", egress: "continue" },
  });
}
