import type { ContainerState, DockerNetworkState } from "../model/snapshot";

/** The parts of `docker network inspect` and `docker inspect` that we read (Docker Engine API, network and container). */
interface NetworkInspect {
  readonly Id?: string;
  readonly Name?: string;
  readonly Driver?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Options?: Readonly<Record<string, string>> | null;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string }[] | null };
  readonly Containers?: Readonly<
    Record<
      string,
      {
        readonly Name?: string;
        readonly IPv4Address?: string;
        readonly IPv6Address?: string;
        readonly MacAddress?: string;
      }
    >
  > | null;
}
interface ContainerInspect {
  readonly Name?: string;
  readonly State?: { readonly Running?: boolean };
  readonly HostConfig?: { readonly NetworkMode?: string };
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<
      Record<string, { readonly IPAddress?: string; readonly GlobalIPv6Address?: string; readonly MacAddress?: string }>
    > | null;
  };
}

/** What an engine has that was given no `default-address-pools` (libnetwork's ipamutils). */
const builtInPools: readonly string[] = [
  "172.17.0.0/16",
  "172.18.0.0/16",
  "172.19.0.0/16",
  "172.20.0.0/14",
  "172.24.0.0/14",
  "172.28.0.0/14",
  "192.168.0.0/16",
];

/** `DefaultAddressPools` of `docker info`: `null` where nobody gave any, nothing from an engine that does not say. */
export function parseAddressPools(text: string): readonly string[] {
  const given = text === "" ? null : (JSON.parse(text) as readonly { readonly Base?: string }[] | null);
  const bases = (given ?? []).flatMap(({ Base }) => (Base === undefined ? [] : [Base]));
  return bases.length === 0 ? builtInPools : bases;
}

export function parseDockerNetworks(text: string): readonly DockerNetworkState[] {
  if (text.trim() === "") return [];
  return (JSON.parse(text) as readonly NetworkInspect[]).map((network) => ({
    id: network.Id ?? "",
    name: network.Name ?? "",
    driver: network.Driver ?? "",
    mark: network.Labels?.["sdn.mark"] ?? "",
    bridge: network.Options?.["com.docker.network.bridge.name"] ?? "",
    subnets: (network.IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet])),
    containers: Object.values(network.Containers ?? {}).map((container) => ({
      name: container.Name ?? "",
      ipv4: withoutLength(container.IPv4Address),
      ipv6: withoutLength(container.IPv6Address),
      mac: container.MacAddress ?? "",
    })),
  }));
}

const withoutLength = (address = ""): string => address.replace(/\/.*$/, "");

export function parseContainer(text: string): ContainerState | undefined {
  if (text.trim() === "") return undefined;
  const [container] = JSON.parse(text) as readonly ContainerInspect[];
  if (container === undefined) return undefined;
  return {
    name: (container.Name ?? "").replace(/^\//, ""),
    running: container.State?.Running ?? false,
    networkMode: container.HostConfig?.NetworkMode ?? "",
    networks: new Map(
      Object.entries(container.NetworkSettings?.Networks ?? {}).map(([name, network]) => [
        name,
        { ipv4: network.IPAddress ?? "", ipv6: network.GlobalIPv6Address ?? "", mac: network.MacAddress ?? "" },
      ]),
    ),
  };
}
