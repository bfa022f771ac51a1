import type { AdoptedIntent, PeeringIntent, PortIntent, RouterIntent, SegmentIntent } from "../compile/intent";
import type { ServiceIntent } from "../compile/service/intent";
import type { HostResourceKind } from "./host-resource";
import { readAdoptedSpec } from "./spec-adopted";
import { readPeeringSpec } from "./spec-peering";
import { readServiceSpec } from "./spec-service";
import { readPortSpec, readRouterSpec, readSegmentSpec } from "./spec-inputs";

/** A virtual network on one host. */
export const routerKind: HostResourceKind<RouterIntent> = {
  token: "sdn:linux:Router",
  kind: "router",
  readSpec: readRouterSpec,
  identity: ["vni"],
  sameName: false,
};

/** What somebody else made, on one host. */
export const adoptedKind: HostResourceKind<AdoptedIntent> = {
  token: "sdn:linux:AdoptedSegment",
  kind: "adopted",
  readSpec: readAdoptedSpec,
  identity: ["name"],
  sameName: false,
};

/** Two virtual networks that reach each other, on one host. */
export const peeringKind: HostResourceKind<PeeringIntent> = {
  token: "sdn:linux:Peering",
  kind: "peering",
  readSpec: readPeeringSpec,
  identity: ["vni"],
  sameName: false,
};

/** A subnet on one host. */
export const segmentKind: HostResourceKind<SegmentIntent> = {
  token: "sdn:linux:Segment",
  kind: "segment",
  readSpec: readSegmentSpec,
  identity: ["vni", "routerVni"],
  sameName: false,
};

/** A service entry on one host. */
export const serviceKind: HostResourceKind<ServiceIntent> = {
  token: "sdn:linux:Service",
  kind: "service",
  readSpec: readServiceSpec,
  identity: ["routerVni", "name"],
  sameName: false,
};

/** An endpoint on one host. */
export const portKind: HostResourceKind<PortIntent> = {
  token: "sdn:linux:Port",
  kind: "port",
  readSpec: readPortSpec,
  identity: ["vni", "name", "attachment"],
  // A container is on a Docker network once; an interface has one master.
  sameName: true,
};
