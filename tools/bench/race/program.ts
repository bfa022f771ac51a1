/** The bench's program in YAML: hosts, a fabric of them, and one virtual network with some subnets. */
import type { LabHost } from "../../../tests/lab/harness/lab";
import type { Program, YamlResource } from "../../../tests/lab/harness/stack";
import { hostResource } from "../../../tests/lab/harness/stack";

const ref = (name: string): string => `\${${name}}`;

export function raceProgram(hosts: readonly LabHost[], subnets: number): Program {
  return networkProgram(Object.fromEntries(hosts.map((host) => [host.name, hostResource(host)])), subnets);
}

/** The subnets' CIDRs are given, so that neither their order nor their number matters to the others. */
export function networkProgram(hosts: Readonly<Record<string, YamlResource>>, subnets: number): Program {
  const resources: Record<string, YamlResource> = {
    ...hosts,
    fabric: { type: "sdn:Fabric", properties: { hosts: Object.keys(hosts).map(ref) } },
    net: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.0.0.0/8", egress: "nat" } },
  };
  for (let at = 1; at <= subnets; at += 1) {
    // Ranges of 16 addresses: 4,096 hosts fit.
    const properties = { network: ref("net"), cidr: `10.${at}.0.0/16`, hostRangePrefixLength: 28 };
    resources[`s${at}`] = { type: "sdn:Subnet", properties };
  }
  return { resources };
}
