import { containerGuardSteps, guardSteps } from "./guard";
import type { PortIntent } from "./intent";
import { bridgeName, endpointLinkName, markOf, routerLinkName, routerNamespace } from "./names";
import type { Step } from "./step";

/** An endpoint on its host. */
export function portSteps(intent: PortIntent): readonly Step[] {
  const { attachment } = intent;
  switch (attachment.kind) {
    case "docker":
      return [
        {
          kind: "docker-connection",
          network: attachment.network,
          container: attachment.container,
          ipv4: bare(intent.ipv4?.address),
          ipv6: bare(intent.ipv6?.address),
        },
        ...containerGuardSteps(intent, attachment),
      ];
    case "container":
      return plugged(intent, `container:${attachment.container}`, attachment.interface);
    case "namespace":
      return plugged(intent, attachment.namespace, attachment.interface);
    case "interface":
      return [
        ...guardSteps(intent, attachment.interface),
        { kind: "master", link: attachment.interface, bridge: bridgeName(intent.vni), mtu: intent.mtu },
      ];
  }
}

/** A pair of interfaces: one end a port of the segment, the other in the endpoint's namespace with its addresses. */
function plugged(intent: PortIntent, where: string, peer: string): readonly Step[] {
  const families = [intent.ipv4, intent.ipv6].filter((family) => family !== undefined);
  const routed = families.flatMap(({ address, gateway }) => (gateway === undefined ? [] : [{ address, gateway }]));
  const name = endpointLinkName(intent.vni, intent.name);
  const mark = markOf(intent);
  const router = routerNamespace(intent.routerVni, intent.scope);
  return [
    // Guarded first: the port never carries a frame that was not looked at.
    ...guardSteps(intent, name),
    { kind: "veth", name, where, peer, mtu: intent.mtu, mac: intent.mac, bridge: bridgeName(intent.vni), mark },
    { kind: "addresses", where, link: peer, addresses: families.map((family) => family.address) },
    ...routed.map(({ gateway }): Step => {
      const destination = gateway.includes(":") ? "::/0" : "0.0.0.0/0";
      return { kind: "route", where, destination, device: peer, via: gateway };
    }),
    ...routed.map((family): Step => {
      const address = bare(family.address) ?? "";
      return { kind: "neighbour", where: router, device: routerLinkName(intent.vni), address, mac: intent.mac };
    }),
  ];
}

function bare(address: string | undefined): string | undefined {
  return address?.replace(/\/.*$/, "");
}
