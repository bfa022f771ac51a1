import { elementWord } from "./filtering";
import type { StepOf } from "../step";
import type { StepMeaning } from "./meaning";
import { notOurs, unequal } from "./meaning";

export const dockerNetwork: StepMeaning<"docker-network"> = {
  identity: (step) => step.name,
  ensure: (step) => [
    "docker_network",
    step.name,
    step.bridge,
    step.mtu,
    step.mark,
    ...[step.ipv4, step.ipv6].flatMap((pool) =>
      pool === undefined ? ["-", "-", "-", "-"] : [pool.subnet, pool.gateway, pool.range, pool.router],
    ),
    ...(step.internal === true ? ["internal"] : []),
  ],
  remove: (step) => ["remove_docker_network", step.name, step.mark],
  differences: (step, snapshot) => {
    const found = snapshot.dockerNetworks.find((one) => one.name === step.name);
    if (found === undefined) return [`Docker network ${step.name} is missing`];
    if (found.mark !== step.mark) return [notOurs(`Docker network ${step.name}`, found.mark)];
    const wanted = [step.ipv4, step.ipv6].flatMap((pool) => (pool === undefined ? [] : [pool.subnet])).sort();
    return [
      ...unequal(`bridge of Docker network ${step.name}`, found.bridge, step.bridge),
      ...unequal(`subnets of Docker network ${step.name}`, [...found.subnets].sort().join(", "), wanted.join(", ")),
    ];
  },
};

export const dockerConnection: StepMeaning<"docker-connection"> = {
  identity: (step) => `${step.network} ${step.container}`,
  ensure: (step) => ["docker_connection", step.network, step.container, step.ipv4 ?? "-", step.ipv6 ?? "-"],
  remove: (step) => ["remove_docker_connection", step.network, step.container],
  query: (step) => ["query_container", step.container],
  differences: (step, snapshot) => {
    const container = snapshot.containers.get(step.container);
    if (container === undefined) return [`container ${step.container} does not exist`];
    const connection = container.networks.get(step.network);
    if (connection === undefined) return [`container ${step.container} is not connected to ${step.network}`];
    // A stopped container holds its place in the network without an address until it starts.
    if (!container.running) return [];
    return [
      ...unequal(`address of container ${step.container}`, connection.ipv4, step.ipv4 ?? ""),
      ...unequal(`IPv6 address of container ${step.container}`, connection.ipv6, step.ipv6 ?? ""),
    ];
  },
};

export const containerGuard: StepMeaning<"container-guard"> = {
  // Other elements are another guard: what the old one let pass goes with it.
  identity: (step) => `${step.network} ${step.container} ${elementsOf(step).join(" ")}`,
  ensure: (step) => ["container_guard", step.container, step.network, step.bridge, ...elementsOf(step)],
  remove: (step) => ["remove_container_guard", step.container, step.network, step.bridge],
  query: (step) => ["query_port", step.container, step.network, step.bridge],
  differences: (step, snapshot) => {
    const port = snapshot.containerPorts.get(`${step.container} ${step.network}`);
    // Not running, or not connected, which another step says.
    if (port === undefined) return [];
    const sets = snapshot.host.tables.get("bridge sdn")?.sets;
    // What depends on the MAC address that the engine chose is not compared.
    const lacking = step.elements
      .filter(({ value }) => !value.some((part) => part === "MAC" || part === "LINK-LOCAL"))
      .map(({ set, value }) => ({ set, text: value.map((part) => (part === "%" ? port : part)).join(" . ") }))
      .filter(({ set, text }) => sets?.get(set)?.has(text) !== true);
    return lacking.map(({ set, text }) => `nftables set ${set} lacks ${text}, of container ${step.container}`);
  },
};

const elementsOf = (step: StepOf<"container-guard">): readonly string[] =>
  step.elements.map(({ set, value }) => `${set}=${elementWord(value)}`);
