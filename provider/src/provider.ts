import { adoptedSegment } from "./components/adopted-segment";
import { endpoint } from "./components/endpoint";
import { fabric } from "./components/fabric";
import { firewallPolicy } from "./components/firewall-policy";
import { ClusterPlaces } from "./components/firewall/cluster-places";
import { kubernetesCluster } from "./components/kubernetes-cluster";
import { networkPeering } from "./components/network-peering";
import { podNetwork } from "./components/pod-network";
import { securityGroup } from "./components/security-group";
import { serviceEntry } from "./components/service-entry";
import { subnet } from "./components/subnet";
import { virtualNetwork } from "./components/virtual-network";
import { GetAddressPlan } from "./functions/get-address-plan";
import { GetFirewallHits } from "./functions/get-firewall-hits";
import { GetReachability } from "./functions/get-reachability";
import { GetRoute } from "./functions/get-route";
import { GetTopology } from "./functions/get-topology";
import { AddressBook } from "./ipam/address-book";
import type { Connection } from "./model/connection";
import { AllocationHandler } from "./resources/allocation";
import { endpointAllocationKind } from "./resources/endpoint-allocation";
import { EntryResource } from "./resources/firewall/entry-resource";
import { FirewallFleet } from "./resources/firewall/fleet";
import { memberKind, policyKind } from "./resources/firewall/kinds";
import { FirewallPreview } from "./resources/firewall/preview";
import { HostHandler } from "./resources/host";
import { HostResource } from "./resources/host-resource";
import { Hosts } from "./resources/hosts";
import { adoptedKind, peeringKind, portKind, routerKind, segmentKind, serviceKind } from "./resources/linux";
import { networkAllocationKind } from "./resources/network-allocation";
import { peeringAllocationKind } from "./resources/peering-allocation";
import { TestEvaluation } from "./resources/reachability/test-evaluation";
import { ReachabilityTest } from "./resources/reachability/test-resource";
import { serviceAllocationKind } from "./resources/service-allocation";
import { SharedPortHandler } from "./resources/shared-port";
import { subnetAllocationKind } from "./resources/subnet-allocation";
import type {
  CheckResult,
  ComponentHandler,
  CustomResourceHandler,
  FunctionHandler,
  Handlers,
  ValueMap,
} from "./rpc/handlers";
import { type components, type customResources, type functions, packageSchema } from "./schema/package";
import { packageVersion } from "./schema/version";
import { logged } from "./targets/execution-log";
import type { Target } from "./targets/target";
import { TargetPool } from "./targets/target-pool";

/** Where connections come from; tests put fakes here. */
export interface Targets {
  acquire(connection: Connection): Target;
  /** A target of its own: its first execution proves that the host can be reached anew. */
  dial(connection: Connection): Target;
  closeAll(): Promise<void>;
}

type Table<Tokens extends string, Handler> = { readonly [Token in Tokens]: () => Handler };

/** Every token of the schema with what handles it: one without does not compile. */
export function createHandlers(targets: Targets = new TargetPool()): Handlers {
  const acquire = (connection: Connection): Target => targets.acquire(connection);
  const log = process.env["SDN_EXECUTION_LOG"] ?? "";
  const dial = (connection: Connection): Target => targets.dial(connection);
  const hosts = log === "" ? new Hosts(acquire, dial) : new Hosts(logged(acquire, log), logged(dial, log));
  const book = new AddressBook();
  const places = new ClusterPlaces();
  const firewalls = new FirewallFleet(hosts);
  const firewallPreview = new FirewallPreview(hosts);
  const tests = new TestEvaluation(hosts, firewallPreview);
  const resourceTable: Table<keyof typeof customResources, CustomResourceHandler> = {
    "sdn:firewall:Member": () => new EntryResource(memberKind, hosts, firewalls, firewallPreview),
    "sdn:firewall:Policy": () => new EntryResource(policyKind, hosts, firewalls, firewallPreview),
    "sdn:index:Host": () => new HostHandler(hosts),
    "sdn:index:ReachabilityTest": () => new ReachabilityTest(hosts, tests),
    "sdn:ipam:EndpointAllocation": () => new AllocationHandler(endpointAllocationKind, hosts, book),
    "sdn:ipam:NetworkAllocation": () => new AllocationHandler(networkAllocationKind, hosts, book),
    "sdn:ipam:PeeringAllocation": () => new AllocationHandler(peeringAllocationKind, hosts, book),
    "sdn:ipam:ServiceAllocation": () => new AllocationHandler(serviceAllocationKind, hosts, book),
    "sdn:ipam:SubnetAllocation": () => new AllocationHandler(subnetAllocationKind, hosts, book),
    "sdn:linux:AdoptedSegment": () => new HostResource(adoptedKind, hosts, firewalls),
    "sdn:linux:Peering": () => new HostResource(peeringKind, hosts, firewalls),
    "sdn:linux:Port": () => new HostResource(portKind, hosts, firewalls),
    "sdn:linux:Router": () => new HostResource(routerKind, hosts, firewalls),
    "sdn:linux:Segment": () => new HostResource(segmentKind, hosts, firewalls),
    "sdn:linux:Service": () => new HostResource(serviceKind, hosts, firewalls),
    "sdn:linux:SharedPort": () => new SharedPortHandler(hosts),
  };
  const componentTable: Table<keyof typeof components, ComponentHandler> = {
    "sdn:index:AdoptedSegment": () => adoptedSegment,
    "sdn:index:Endpoint": () => endpoint,
    "sdn:index:Fabric": () => fabric,
    "sdn:index:FirewallPolicy": () => firewallPolicy(places),
    "sdn:index:KubernetesCluster": () => kubernetesCluster,
    "sdn:index:NetworkPeering": () => networkPeering,
    "sdn:index:PodNetwork": () => podNetwork,
    "sdn:index:SecurityGroup": () => securityGroup,
    "sdn:index:ServiceEntry": () => serviceEntry,
    "sdn:index:Subnet": () => subnet(hosts.vteps),
    "sdn:index:VirtualNetwork": () => virtualNetwork,
  };
  const functionTable: Table<keyof typeof functions, FunctionHandler> = {
    "sdn:index:getAddressPlan": () => new GetAddressPlan(hosts),
    "sdn:index:getFirewallHits": () => new GetFirewallHits(hosts),
    "sdn:index:getReachability": () => new GetReachability(hosts),
    "sdn:index:getRoute": () => new GetRoute(hosts),
    "sdn:index:getTopology": () => new GetTopology(hosts),
  };
  return {
    packageName: packageSchema.name,
    version: packageVersion,
    schema: () => JSON.stringify(packageSchema),
    resources: new Map(Object.entries(resourceTable)),
    components: new Map(Object.entries(componentTable)),
    functions: new Map(Object.entries(functionTable)),
    checkConfig,
    configure: () => undefined,
    close: () => targets.closeAll(),
  };
}

function checkConfig(news: ValueMap): CheckResult {
  const given = Object.keys(news).filter(
    (name) => name !== "version" && name !== "pluginDownloadURL" && !name.startsWith("__"),
  );
  const reason = "The provider has no configuration. How a host is reached is a property of the Host.";
  return { inputs: news, failures: given.map((property) => ({ property, reason })) };
}
