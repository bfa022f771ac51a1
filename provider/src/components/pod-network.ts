import { cniConfigList, type PodAddresses, type PodSubnet } from "../compile/kubernetes/cni";
import { networkAttachment, type PodNetworkPlace, userDefinedNetwork } from "../compile/kubernetes/pod-network";
import { InputReader } from "../inputs/input-reader";
import { parseAddress } from "../model/address";
import { type Cidr, formatCidr, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { Value, ValueMap } from "../rpc/value";
import { isValueMap, unknown } from "../rpc/value";
import { containsUnknown } from "../rpc/values";
import { parseNamespace } from "./firewall/pods";
import { membersOf } from "./member";
import { outputsOf, present, referenceOf, textOf } from "./references";

const modes = ["endpoints", "hosts", "ovn"] as const;

interface PodNetworkInputs {
  readonly subnet: string;
  readonly mode: (typeof modes)[number];
  readonly routes: readonly Cidr[];
  readonly cluster: { readonly urn: string; readonly namespace: string } | undefined;
}

function read(inputs: ValueMap): { reader: InputReader; parsed: PodNetworkInputs } {
  const reader = InputReader.of(inputs);
  const { problems } = reader;
  const subnet = problems.collect(() => referenceOf(reader.value("subnet"), "subnet", "sdn:index:Subnet")) ?? "";
  const mode = reader.choice("mode", modes) ?? "endpoints";
  const cidr = (text: string, property: string): string => formatCidr(parseCidr(text, property));
  const routes = (reader.texts("routes", cidr) ?? []).map((text) => parseCidr(text, "routes"));
  const given = reader.value("cluster");
  const urn =
    given === undefined
      ? undefined
      : problems.collect(() => referenceOf(given, "cluster", "sdn:index:KubernetesCluster"));
  const namespace = reader.parsed("namespace", parseNamespace);
  if (urn !== undefined) reader.require("namespace", namespace, "the namespace of the pods");
  if (urn === undefined && (mode === "ovn" || reader.given("namespace"))) {
    reader.require("cluster", urn, "the cluster whose pods can be in it");
  }
  reader.finish();
  const cluster = urn === undefined ? undefined : { urn, namespace: namespace ?? "" };
  return { reader, parsed: { subnet, mode, routes, cluster } };
}

function refuse(property: string, cause: string, remedy: string): SdnError {
  return new SdnError({ code: "invalid-input", property, cause, remedy });
}

function checkMode({ mode }: PodNetworkInputs, subnet: ValueMap): void {
  const hosts = membersOf(subnet).map(({ name }) => name);
  if (mode === "ovn" && hosts.length > 0) {
    const cause = `OVN-Kubernetes makes a network of its own, which does not reach the subnet on ${hosts.join(", ")}`;
    throw refuse("mode", cause, "take a subnet with hosts: [], or write mode: endpoints or hosts");
  }
  if (mode === "hosts" && subnet["dockerNetworkName"] !== undefined) {
    const cause = "the engines of the hosts hand out addresses of the same ranges";
    throw refuse("mode", cause, "write docker: false for the subnet, or mode: endpoints");
  }
}

/** What pods need to know of a subnet; `undefined` while any of it is unknown. */
function podSubnet(subnet: ValueMap): PodSubnet | undefined {
  const { vni, mtu, cidr, ipv6Cidr, gateway, ipv6Gateway } = subnet;
  if (containsUnknown([cidr, ipv6Cidr, gateway, ipv6Gateway].filter((one) => one !== undefined))) return undefined;
  if (typeof vni !== "number" || typeof mtu !== "number") return undefined;
  const texts = (...values: readonly (Value | undefined)[]): readonly string[] =>
    values.filter((one) => typeof one === "string");
  return {
    vni,
    mtu,
    cidrs: texts(cidr, ipv6Cidr).map((text) => parseCidr(text, "subnet")),
    gateways: texts(gateway, ipv6Gateway).map((text) => parseAddress(text, "subnet")),
  };
}

function rangesOf(subnet: ValueMap, host: string): readonly Cidr[] {
  return [subnet["hostRanges"], subnet["ipv6HostRanges"]].flatMap((ranges) => {
    const own = isValueMap(ranges) ? ranges[host] : undefined;
    const cidr = isValueMap(own) ? own["cidr"] : undefined;
    return typeof cidr === "string" ? [parseCidr(cidr, "hostRanges")] : [];
  });
}

/** The text of each host's list. */
function listsOf(name: string, { mode, routes }: PodNetworkInputs, subnet: ValueMap): Value {
  if (mode === "ovn") return {};
  const { hostRanges, ipv6HostRanges } = subnet;
  const facts = podSubnet(subnet);
  if (facts === undefined || containsUnknown(present({ hostRanges, ipv6HostRanges }))) return unknown;
  const entries = membersOf(subnet).map(({ name: host }) => {
    const addresses: PodAddresses = mode === "hosts" ? { kind: mode, ranges: rangesOf(subnet, host) } : { kind: mode };
    return [host, `${JSON.stringify(cniConfigList(name, facts, addresses, routes), undefined, 2)}\n`] as const;
  });
  return Object.fromEntries(entries);
}

/** What the cluster is told; as far as it is known which kind of object that is, while the subnet is not. */
function objectOf(place: PodNetworkPlace, parsed: PodNetworkInputs, subnet: ValueMap): ValueMap {
  if (parsed.mode === "hosts") return { ...networkAttachment(place, undefined) };
  const facts = podSubnet(subnet);
  if (parsed.mode === "ovn") {
    const object = userDefinedNetwork(place, facts ?? { mtu: 0, cidrs: [] });
    return facts === undefined ? { ...object, metadata: unknown, spec: unknown } : { ...object };
  }
  if (facts === undefined) return { ...networkAttachment(place, undefined), spec: unknown };
  return { ...networkAttachment(place, cniConfigList(place.name, facts, { kind: parsed.mode }, parsed.routes)) };
}

/** What annotations of pods name. */
async function register(context: ConstructContext, parsed: PodNetworkInputs, subnet: ValueMap): Promise<Value> {
  const { name, project, stack } = context;
  if (parsed.cluster === undefined) return name;
  const { urn, namespace } = parsed.cluster;
  const owner = { project, stack, resource: `pod network ${name}` };
  const object = objectOf({ name, namespace, owner }, parsed, subnet);
  const provider = textOf(await outputsOf(context, urn), "providerReference");
  await context.child({
    type: `kubernetes:${textIn(object, "apiVersion")}:${textIn(object, "kind")}`,
    name,
    inputs: object,
    dependencies: [urn],
    ...(typeof provider === "string" ? { provider } : {}),
  });
  const { metadata } = object;
  return isValueMap(metadata) ? `${namespace}/${textIn(metadata, "name")}` : unknown;
}

function textIn(map: ValueMap, name: string): string {
  const value = map[name];
  return typeof value === "string" ? value : "";
}

export const podNetwork: ComponentHandler = {
  token: "sdn:index:PodNetwork",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return read(inputs).reader.problems.list;
  },

  async construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    // Pods name it, so it has the grammar of their cluster.
    parseNamespace(context.name, "name");
    const { parsed } = read(inputs);
    const subnet = await outputsOf(context, parsed.subnet);
    checkMode(parsed, subnet);
    const cniConfigLists = listsOf(context.name, parsed, subnet);
    return { networkName: await register(context, parsed, subnet), cniConfigLists };
  },
};
