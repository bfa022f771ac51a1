/** What is attached to the subnets: declared endpoints, and containers that joined by themselves. */
import type { DockerNetworkState } from "../model/snapshot";
import type { FleetIntents, HostView } from "./fleet-intents";
import type { Attachment, PortIntent } from "./intent";
import { markOf } from "./names";
import type { TopologyEndpoint } from "./topology";

export function endpointsOf(
  views: readonly HostView[],
  { segments, ports }: FleetIntents,
): readonly TopologyEndpoint[] {
  return views.flatMap(({ name: host, snapshot }) => {
    const declared = ports.filter((port) => port.host === host).map(({ intent }) => declaredEndpoint(host, intent));
    const joined = segments
      .filter((segment) => segment.host === host)
      .flatMap(({ intent }) => {
        const mark = markOf(intent);
        const network = snapshot?.dockerNetworks.find((one) => one.name === intent.dockerNetwork && one.mark === mark);
        return network === undefined ? [] : joinedEndpoints(host, intent.vni, network, declared);
      });
    return [...declared, ...joined].sort((one, other) => one.vni - other.vni || (one.name < other.name ? -1 : 1));
  });
}

function declaredEndpoint(host: string, intent: PortIntent): TopologyEndpoint {
  const bare = (address: string | undefined): string | undefined => address?.replace(/\/.*$/, "");
  const { name, vni, mac, ipv4, ipv6, attachment } = intent;
  const addresses = { ipv4: bare(ipv4?.address), ipv6: bare(ipv6?.address), mac };
  return { name, host, vni, ...addresses, attached: attachedName(attachment), declared: true };
}

function joinedEndpoints(
  host: string,
  vni: number,
  network: DockerNetworkState,
  declared: readonly TopologyEndpoint[],
): readonly TopologyEndpoint[] {
  const some = (text: string): string | undefined => (text === "" ? undefined : text);
  return network.containers
    .filter(({ name }) => !declared.some((one) => one.vni === vni && one.attached === `container ${name}`))
    .map(({ name, ipv4, ipv6, mac }) => {
      const addresses = { ipv4: some(ipv4), ipv6: some(ipv6), mac: some(mac) };
      return { name, host, vni, ...addresses, attached: `container ${name}`, declared: false };
    });
}

function attachedName(attachment: Attachment): string {
  switch (attachment.kind) {
    case "docker":
    case "container":
      return `container ${attachment.container}`;
    case "namespace":
      return `namespace ${attachment.namespace}`;
    case "interface":
      return `interface ${attachment.interface}`;
  }
}
