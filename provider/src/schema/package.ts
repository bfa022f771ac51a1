import { addressPlanTypes, getAddressPlan } from "./address-plan";
import { adoptedBridgeType, adoptedDockerNetworkType, adoptedSegment, adoptedVxlanType } from "./adopted";
import { addressPairType, containerType, egressType, endpoint, interfaceType, namespaceType } from "./endpoint";
import { fabric, managementAccessType, reservedCidrType, virtualNetwork, vniRangeType } from "./fabric";
import { firewallPolicy, firewallTypes, securityGroup } from "./firewall";
import { firewallHitsTypes, getFirewallHits } from "./firewall-hits";
import { connectionType, factsType, host, hostEventType, sshType } from "./host";
import {
  adoptedOnHost,
  endpointAllocation,
  memberOnHosts,
  networkAllocation,
  peering,
  peeringAllocation,
  policyOnHosts,
  port,
  router,
  segment,
  service,
  serviceAllocation,
  sharedPort,
  subnetAllocation,
} from "./internal";
import { destinationNatType, natType, sourceNatType } from "./nat";
import { policyRouteType, routeType } from "./routes";
import { languages } from "./languages";
import { networkPeering } from "./peering";
import { podNetwork, podNetworkModeType } from "./pod-network";
import { kubernetesCluster, kubernetesTypes } from "./kubernetes";
import { serviceEntry, serviceTypes } from "./service";
import { getReachability, reachabilityTest, reachabilityTypes } from "./reachability";
import { getRoute, getTopology, seeingTypes } from "./seeing";
import { addressRangeType, reservationType, subnet } from "./subnet";
import type { EnumTypeSpec, FunctionSpec, ObjectTypeSpec, ResourceSpec } from "./types";
import { packageVersion } from "./version";

/** What users write, and what is made of it. The keys are the tokens that `provider.ts` must have handlers for. */
export const components = {
  "sdn:index:AdoptedSegment": adoptedSegment,
  "sdn:index:Endpoint": endpoint,
  "sdn:index:Fabric": fabric,
  "sdn:index:FirewallPolicy": firewallPolicy,
  "sdn:index:KubernetesCluster": kubernetesCluster,
  "sdn:index:NetworkPeering": networkPeering,
  "sdn:index:PodNetwork": podNetwork,
  "sdn:index:SecurityGroup": securityGroup,
  "sdn:index:ServiceEntry": serviceEntry,
  "sdn:index:Subnet": subnet,
  "sdn:index:VirtualNetwork": virtualNetwork,
} as const satisfies Readonly<Record<string, ResourceSpec>>;

export const customResources = {
  "sdn:firewall:Member": memberOnHosts,
  "sdn:firewall:Policy": policyOnHosts,
  "sdn:index:Host": host,
  "sdn:index:ReachabilityTest": reachabilityTest,
  "sdn:ipam:EndpointAllocation": endpointAllocation,
  "sdn:ipam:NetworkAllocation": networkAllocation,
  "sdn:ipam:PeeringAllocation": peeringAllocation,
  "sdn:ipam:ServiceAllocation": serviceAllocation,
  "sdn:ipam:SubnetAllocation": subnetAllocation,
  "sdn:linux:AdoptedSegment": adoptedOnHost,
  "sdn:linux:Peering": peering,
  "sdn:linux:Port": port,
  "sdn:linux:Router": router,
  "sdn:linux:Segment": segment,
  "sdn:linux:Service": service,
  "sdn:linux:SharedPort": sharedPort,
} as const satisfies Readonly<Record<string, ResourceSpec>>;

export const functions = {
  "sdn:index:getAddressPlan": getAddressPlan,
  "sdn:index:getFirewallHits": getFirewallHits,
  "sdn:index:getReachability": getReachability,
  "sdn:index:getRoute": getRoute,
  "sdn:index:getTopology": getTopology,
} as const satisfies Readonly<Record<string, FunctionSpec>>;

const types: Readonly<Record<string, ObjectTypeSpec | EnumTypeSpec>> = {
  "sdn:index:AddressPair": addressPairType,
  "sdn:index:AddressRange": addressRangeType,
  "sdn:index:AdoptedBridge": adoptedBridgeType,
  "sdn:index:AdoptedDockerNetwork": adoptedDockerNetworkType,
  "sdn:index:AdoptedVxlan": adoptedVxlanType,
  "sdn:index:Connection": connectionType,
  "sdn:index:Container": containerType,
  "sdn:index:Egress": egressType,
  "sdn:index:HostEvent": hostEventType,
  "sdn:index:HostFacts": factsType,
  "sdn:index:Interface": interfaceType,
  "sdn:index:ManagementAccess": managementAccessType,
  "sdn:index:Namespace": namespaceType,
  "sdn:index:DestinationNat": destinationNatType,
  "sdn:index:Nat": natType,
  "sdn:index:PodNetworkMode": podNetworkModeType,
  "sdn:index:PolicyRoute": policyRouteType,
  "sdn:index:Route": routeType,
  "sdn:index:SourceNat": sourceNatType,
  "sdn:index:Reservation": reservationType,
  "sdn:index:ReservedCidr": reservedCidrType,
  "sdn:index:Ssh": sshType,
  "sdn:index:VniRange": vniRangeType,
  ...firewallTypes,
  ...serviceTypes,
  ...firewallHitsTypes,
  ...kubernetesTypes,
  ...addressPlanTypes,
  ...reachabilityTypes,
  ...seeingTypes,
};

export const packageSchema = {
  name: "sdn",
  displayName: "sdn",
  version: packageVersion,
  description: "Container networking as reviewed code: virtual networks over Linux hosts and Docker engines.",
  keywords: ["pulumi", "sdn", "network", "docker", "vxlan", "category/network", "kind/native"],
  license: "Apache-2.0",
  publisher: "The sdn project",
  meta: { supportPack: true },
  language: languages,
  config: {},
  provider: {
    description: "The sdn provider. It has no configuration: how a host is reached is a property of the host.",
  },
  types,
  resources: { ...components, ...customResources },
  functions,
} as const;
