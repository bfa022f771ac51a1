/** The model's report, in the words and JSON in which the program's commands give it. */
import { dnsLines } from "./dns";
import { networkId } from "./places";
import { encodeText } from "../../../provider/src/render/words";
import {
  firewallKey,
  firewallLines,
  flowsLine,
  hitsText,
  heldLines,
  reachLines,
  recordLines,
  tableJson,
} from "./firewall";
import { containerPort } from "./operations";
import { balancerLine } from "./balancers";
import { servicePathLines } from "./services";
import type { ModelLink, ModelNamespace, ModelState } from "./state";

const section = (title: string, where: string, content: unknown): string =>
  typeof content === "string"
    ? `section ${title} ${where} ${encodeText(content)}`
    : `json ${title} ${where} ${JSON.stringify(content)}`;

function linkJson([name, link]: readonly [string, ModelLink]): unknown {
  return {
    ifname: name,
    flags: link.up ? ["BROADCAST", "UP"] : ["BROADCAST"],
    mtu: link.mtu,
    address: link.mac,
    ...(link.alias === "" ? {} : { ifalias: link.alias }),
    ...(link.master === "" ? {} : { master: link.master }),
    linkinfo: {
      info_kind: link.kind,
      ...(link.vxlan === undefined
        ? {}
        : {
            info_data: {
              id: link.vxlan.id,
              [link.vxlan.local.includes(":") ? "local6" : "local"]: link.vxlan.local,
              port: link.vxlan.port,
            },
          }),
    },
    addr_info: [
      ...link.addresses.map((cidr) => {
        const [local, length] = cidr.split("/");
        return { local, prefixlen: Number(length), scope: "global" };
      }),
      { local: "fe80::1", prefixlen: 64, scope: "link" },
    ],
  };
}

const isDefault = (destination: string): boolean => /^(0\.0\.0\.0|::)\/0$/.test(destination);

function rulesJson(space: ModelNamespace | undefined, family: string): unknown {
  const block = (text: string): readonly [string, number] => {
    const [address = "", length = ""] = text.split("/");
    return [address, Number(length)];
  };
  return [...(space?.rules ?? [])]
    .filter(([key]) => key.startsWith(`${family} `))
    .map(([key, { from, to, arriving, action }]) => ({
      priority: Number(key.slice(2)),
      src: block(from)[0],
      srclen: block(from)[1],
      ...(to === "-" ? {} : { dst: block(to)[0], dstlen: block(to)[1] }),
      ...(arriving === "-" ? {} : { iif: arriving }),
      ...(action === "blackhole" ? { action } : { table: action.replace(/-but-default$/, "") }),
      ...(action.endsWith("-but-default") ? { suppress_prefixlen: 0 } : {}),
    }));
}

function routesJson(space: ModelNamespace, family: 4 | 6): unknown {
  return [...space.routes]
    .filter(([destination]) => destination.includes(":") === (family === 6))
    .map(([destination, { device, via, metric }]) => ({
      dst: isDefault(destination) ? "default" : destination,
      ...(metric === undefined ? {} : { metric }),
      ...(device === "blackhole" ? { type: "blackhole" } : { dev: device }),
      ...(via === undefined ? {} : { gateway: via }),
    }));
}

function tablesJson(space: ModelNamespace, family: string): unknown {
  const table = space.tables.get(`${family} sdn`);
  if (table === undefined) return "";
  const at = { family, table: "sdn" };
  return {
    nftables: [
      { metainfo: { version: "1.0.6" } },
      { table: { family, name: "sdn", handle: 1 } },
      ...[...table.sets].map(([name, elements]) => ({
        set: {
          ...at,
          name,
          elem: [...elements].map((one) => (one.includes(" . ") ? { concat: one.split(" . ") } : one)),
        },
      })),
      ...[...table.maps].map(([name, elements]) => ({
        map: {
          ...at,
          name,
          elem: [...elements].map(([key, { value, mark }]) => [
            { elem: { val: key.includes(" . ") ? { concat: key.split(" . ") } : key, comment: mark } },
            value,
          ]),
        },
      })),
      ...[...table.chains.keys()].map((name) => ({ chain: { ...at, name } })),
      ...[...table.chains].flatMap(([chain, comments]) =>
        comments.map((comment) => ({ rule: { ...at, chain, expr: [], ...(comment === "" ? {} : { comment }) } })),
      ),
    ],
  };
}

function namespaceSections(where: string, space: ModelNamespace): readonly string[] {
  return [
    section("addresses", where, [...space.links].map(linkJson)),
    section("routes4", where, routesJson(space, 4)),
    section("routes6", where, routesJson(space, 6)),
    section("nft", where, tablesJson(space, "inet")),
  ];
}

function neighboursJson(space: ModelNamespace): unknown {
  return [...space.neighbours].map(([key, lladdr]) => {
    const [dev, dst] = key.split(" ");
    return { dst, dev, lladdr };
  });
}

/** `told`: whether the firewall's record was said already. */
export function reportLines(
  state: ModelState,
  isOurs: (namespace: string) => boolean,
  told: boolean,
): readonly string[] {
  const host = state.namespaces.get("-");
  const lines =
    host === undefined ? [] : [...namespaceSections("-", host), section("nft-bridge", "-", tablesJson(host, "bridge"))];
  lines.push(section("fdb", "-", forwardingLines(state)));
  for (const [name, space] of state.namespaces) {
    if (isOurs(name)) lines.push(...namespaceSections(name, space), section("neighbours", name, neighboursJson(space)));
  }
  lines.push(section("docker-networks", "-", dockerJson(state)));
  if (!told) lines.push(...recordLines(state, false), ...heldLines(state));
  for (const [key, entry] of state.ledger) {
    if (key === firewallKey) continue;
    const { generation, hash, mark, intent, record } = entry;
    if (record === "damaged") lines.push(`damaged ${key}`);
    else lines.push(`ledger ${key} ${generation} ${hash} ${mark} ${intent} ${record}`);
  }
  return lines;
}

function forwardingLines({ fdb }: ModelState): string {
  const lines: string[] = [];
  const floods = new Map<string, string[]>();
  for (const [key, { sticky }] of fdb) {
    const [device = "", mac = "", peer = ""] = key.split(" ");
    if (peer === "-") lines.push(`entry ${device} ${mac} ${sticky ? "sticky" : "other"}`);
    else floods.set(device, [...(floods.get(device) ?? []), peer]);
  }
  return [...lines, ...[...floods].map(([device, peers]) => `flood ${device} ${peers.join(",")}`), ""].join("\n");
}

function dockerJson(state: ModelState): unknown {
  return [...state.docker.networks].map(([Name, { mark, bridge, subnets }]) => ({
    Id: networkId(Name),
    Name,
    Driver: "bridge",
    Labels: mark === "" ? {} : { "sdn.mark": mark },
    Options: { "com.docker.network.bridge.name": bridge },
    IPAM: { Config: subnets.map((Subnet) => ({ Subnet })) },
    Containers: containersOn(state, Name),
  }));
}

function containersOn(state: ModelState, network: string): unknown {
  return Object.fromEntries(
    [...state.docker.containers].flatMap(([name, { running, networks }]) => {
      const place = networks.get(network);
      if (place === undefined || !running) return [];
      const address = (text: string, length: number): string => (text === "" ? "" : `${text}/${length}`);
      const IPv4Address = address(place.ipv4, 24);
      const IPv6Address = address(place.ipv6, 64);
      return [[`id-of-${name}`, { Name: name, MacAddress: "02:42:00:00:00:01", IPv4Address, IPv6Address }]];
    }),
  );
}

/** What `query_…` asks for. */
export function queryLines(state: ModelState, operation: string, words: readonly string[]): readonly string[] {
  const [first = "", second = "", third = ""] = words;
  switch (operation) {
    case "query_sysctl":
      return words
        .slice(1)
        .map((key) => `sysctl ${first} ${key} ${state.namespaces.get(first)?.sysctls.get(key) ?? "0"}`);
    case "query_path": {
      const passed = state.paths.get(second);
      return [`path ${second} ${third} ${passed === undefined ? third : passed === 0 ? "-" : passed}`];
    }
    case "query_port": {
      const port = containerPort(state, first, second);
      return port === undefined ? [] : [`port ${first} ${second} ${port}`];
    }
    case "query_forward":
      return ["iptables", "ip6tables"].map((tool) => {
        const accepts = state.docker.accepts.get(tool);
        const found = accepts?.has(words.join(" ")) === true ? "yes" : "no";
        return `forward ${tool} ${first} ${second} ${accepts === undefined ? "unneeded" : found}`;
      });
    case "query_firewall":
      return firewallLines(state, first);
    case "query_reach":
      return reachLines(state, words);
    case "query_flows":
      return [flowsLine(state)];
    case "query_firewall_hits":
      return [...recordLines(state, true), section("firewall-hits", "-", hitsText(state))];
    case "query_firewall_table":
      return [section("firewall-table", "-", tableJson(state))];
    case "query_foreign":
      return [section("foreign", "-", state.firewall.foreign.map((one) => `${one}\n`).join(""))];
    case "query_neighbours": {
      const host = state.namespaces.get("-");
      return host === undefined ? [] : [section("neighbours", "-", neighboursJson(host))];
    }
    case "query_service_network":
      return servicePathLines(state, first, second, words.slice(2).join(" "));
    case "query_dns_facts":
    case "query_dns_entries":
    case "query_dns_server":
      return dnsLines(state, operation, words);
    case "query_balancer":
      return balancerLine(state, first, second);
    case "query_listeners":
      return [section("listeners", "-", state.listeners.join("\n"))];
    case "query_rules":
      return [section(`rules${second}`, first, rulesJson(state.namespaces.get(first), second))];
    case "query_table": {
      const routes = [...(state.namespaces.get(first)?.routingTables.get(third) ?? [])]
        .filter(([destination]) => destination.includes(":") === (second === "6"))
        .map(([dst, { device: dev, via: gateway }]) => ({ dst: isDefault(dst) ? "default" : dst, dev, gateway }));
      return [section(`table${second}`, `${first}/${third}`, routes)];
    }
    case "query_namespace": {
      const space = state.namespaces.get(first);
      const found = space?.links.get(second);
      if (space === undefined || found === undefined) return [];
      return namespaceSections(first, { ...space, links: new Map([[second, found]]) }).slice(0, 3);
    }
    default: {
      const found = state.docker.containers.get(first);
      if (found === undefined) return [section("container", `container:${first}`, "[]\n")];
      const networks = [...found.networks].map(([name, { ipv4, ipv6 }]) => [
        name,
        { IPAddress: ipv4, GlobalIPv6Address: ipv6, MacAddress: "02:42:00:00:00:01" },
      ]);
      const inspected = {
        Name: `/${first}`,
        State: { Running: found.running },
        HostConfig: { NetworkMode: found.networkMode },
        NetworkSettings: { Networks: Object.fromEntries(networks) as unknown },
      };
      return [section("container", `container:${first}`, [inspected])];
    }
  }
}
