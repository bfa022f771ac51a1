import type { Intent, PortIntent, SegmentIntent } from "../compile/intent";
import { bridgeName, endpointLinkName, markOf, resourceKey, uplinkName, vxlanName } from "../compile/names";
import type { Words } from "../compile/steps";
import { overlaps, parseCidr } from "../model/cidr";
import type { SdnErrorDetail } from "../model/error";
import { SdnError } from "../model/error";
import { Problems } from "../model/problems";
import type { DockerNetworkState, Snapshot } from "../model/snapshot";
import { adoptedFits } from "./precheck-adopted";
import { balancerQueries } from "./precheck-balancer";
import { natFits } from "./precheck-nat";
import { namesFit, namesQueries } from "./precheck-names";
import { serviceFits } from "./precheck-service";
import { peeringFits, routesFit } from "./precheck-peering";

/** What a preview can tell of a change by looking at the host: everything that would make it fail, at once. */
export const precheck = {
  queries(intent: Intent): readonly Words[] {
    const container = containerOf(intent);
    const ports =
      (intent.kind === "router" && (intent.nat?.destination.length ?? 0) > 0) ||
      (intent.kind === "service" && (intent.exposures?.length ?? 0) > 0);
    return [
      ...(intent.kind === "service" ? [...namesQueries, ...balancerQueries(intent)] : []),
      ...(container === undefined ? [] : [["query_container", container]]),
      ...(ports ? [["query_listeners"]] : []),
    ];
  },

  /** `others`: what else is wanted on this host. */
  run(intent: Intent, snapshot: Snapshot, host: string, others: readonly Intent[] = []): Problems {
    const problems = new Problems();
    const say = (detail: Omit<SdnErrorDetail, "host" | "resource">): void => {
      problems.add(new SdnError({ ...detail, host, resource: intent.label }));
    };
    namesAreFree(intent, snapshot, say);
    if (intent.kind === "segment") segmentFits(intent, snapshot, say);
    if (intent.kind === "port") portFits(intent, snapshot, say);
    if (intent.kind === "segment") routesFit(intent, others, say);
    if (intent.kind === "router") natFits(intent, snapshot, others, say);
    if (intent.kind === "peering") peeringFits(intent, others, say);
    if (intent.kind === "service") {
      serviceFits(intent, snapshot, others, say);
      const services = others.filter((one) => one.kind === "service");
      namesFit(intent, snapshot, services, say);
    }
    if (intent.kind === "adopted") adoptedFits(intent, snapshot, others, say);
    return problems;
  },
};

export type Say = (detail: Omit<SdnErrorDetail, "host" | "resource">) => void;

function containerOf(intent: Intent): string | undefined {
  if (intent.kind !== "port") return undefined;
  const { attachment } = intent;
  return attachment.kind === "docker" || attachment.kind === "container" ? attachment.container : undefined;
}

function linksOf(intent: Intent): readonly string[] {
  switch (intent.kind) {
    case "router":
      return intent.egress === undefined ? [] : [uplinkName(intent.vni)];
    case "segment":
      return [bridgeName(intent.vni), vxlanName(intent.vni)];
    case "port":
      return [endpointLinkName(intent.vni, intent.name)];
    case "peering":
    case "adopted":
    case "service":
      return [];
  }
}

function namesAreFree(intent: Intent, snapshot: Snapshot, say: Say): void {
  const mark = markOf(intent);
  for (const name of linksOf(intent)) {
    const link = snapshot.host.links.get(name);
    if (link === undefined || link.alias === mark) continue;
    // After a start of the host Docker makes the bridge of our network itself, unmarked: it will be adopted.
    if (link.alias === "" && snapshot.dockerNetworks.some((one) => one.bridge === name && one.mark === mark)) continue;
    say({
      code: "conflict",
      cause: `interface ${name} exists already and ${link.alias === "" ? "carries no mark of sdn" : `belongs to ${link.alias}`}`,
      remedy: "remove it, or use another VNI (Fabric.vniRange)",
    });
  }
  const entry = snapshot.ledger.get(resourceKey(intent));
  if (entry === undefined || entry.mark === mark) return;
  if (intent.kind === "adopted" || intent.kind === "service") {
    say({ code: "conflict", cause: `the name is in use on this host by ${entry.mark}`, remedy: "choose another name" });
    return;
  }
  say({
    code: "conflict",
    cause: `VNI ${intent.vni} is in use on this host by ${entry.mark}`,
    remedy: "give the two fabrics disjoint VNI ranges (Fabric.vniRange)",
  });
}

function segmentFits(intent: SegmentIntent, snapshot: Snapshot, say: Say): void {
  const mark = markOf(intent);
  for (const link of snapshot.host.links.values()) {
    if (link.vxlan?.vni !== intent.vni || link.alias === mark || link.name === vxlanName(intent.vni)) continue;
    say({
      code: "conflict",
      cause: `VNI ${intent.vni} is in use by interface ${link.name}`,
      remedy: "set Fabric.vniRange",
    });
  }
  if (intent.dockerNetwork === undefined) return;
  if (snapshot.facts !== undefined && snapshot.facts.docker === undefined) {
    say({
      code: "missing-capability",
      property: "docker",
      cause: "no Docker engine answers",
      remedy: "start it, or set docker: false",
    });
  }
  dockerPoolsAreFree(intent, snapshot, mark, say);
}

/** One engine refuses overlapping pools, whatever the drivers. */
function dockerPoolsAreFree(intent: SegmentIntent, snapshot: Snapshot, mark: string, say: Say): void {
  for (const wanted of [intent.ipv4?.pool ?? intent.ipv4?.cidr, intent.ipv6?.pool ?? intent.ipv6?.cidr]) {
    if (wanted === undefined) continue;
    for (const network of snapshot.dockerNetworks) {
      if (network.mark === mark) continue;
      for (const subnet of network.subnets) {
        if (!overlaps(parseCidr(subnet, "subnet"), parseCidr(wanted, "cidr"))) continue;
        say({
          code: "conflict",
          property: "cidr",
          value: wanted,
          cause: `Docker network ${network.name} has ${subnet} on this engine, and an engine refuses overlapping pools`,
          remedy:
            "choose another CIDR, or set docker: false on one of the subnets and attach its containers with networkMode: none",
        });
      }
    }
  }
  const sameName = snapshot.dockerNetworks.find(({ name }) => name === intent.dockerNetwork);
  if (sameName !== undefined && sameName.mark !== mark) {
    say({
      code: "conflict",
      cause: `a Docker network ${sameName.name} exists already`,
      remedy: "rename one of the two",
    });
  }
  if (sameName !== undefined && sameName.mark === mark) networkCanBeRemade(intent, sameName, say);
}

/** Docker cannot change a network: it is made anew, which needs it to be empty. */
function networkCanBeRemade(intent: SegmentIntent, network: DockerNetworkState, say: Say): void {
  const wanted = [intent.ipv4, intent.ipv6].flatMap((family) =>
    family === undefined ? [] : [family.pool ?? family.cidr],
  );
  const same = [...wanted].sort().join(", ") === [...network.subnets].sort().join(", ");
  const names = network.containers.map(({ name }) => name).sort();
  if (same || names.length === 0) return;
  say({
    code: "conflict",
    property: "cidr",
    cause: `Docker network ${network.name} must be made anew (${network.subnets.join(", ")} becomes ${wanted.join(", ")}) and has containers ${names.join(", ")}`,
    remedy: "disconnect or remove them first, or choose a CIDR that contains the present one: then the network stays",
  });
}

function portFits(intent: PortIntent, snapshot: Snapshot, say: Say): void {
  const { attachment } = intent;
  if (attachment.kind === "interface") {
    const link = snapshot.host.links.get(attachment.interface);
    if (link === undefined) {
      say({ code: "not-found", property: "interface.name", value: attachment.interface, cause: "no such interface" });
    } else if (link.master !== "" && link.master !== bridgeName(intent.vni)) {
      say({
        code: "conflict",
        property: "interface.name",
        value: link.name,
        cause: `belongs to ${link.master} already`,
      });
    }
  }
  const name = containerOf(intent);
  const container = name === undefined ? undefined : snapshot.containers.get(name);
  if (container === undefined) return;
  const shared = container.networkMode === "host" || container.networkMode.startsWith("container:");
  const none = container.networkMode === "none";
  const remedies = 'state the container\'s real mode in "networkMode", or start it in another';
  if (shared) {
    say({
      code: "conflict",
      property: "container.networkMode",
      cause: `container ${container.name} runs with network mode ${container.networkMode}: it has no namespace of its own`,
      remedy: remedies,
    });
  } else if (attachment.kind === "docker" && none) {
    say({
      code: "conflict",
      property: "container.networkMode",
      value: "bridge",
      cause: `container ${container.name} runs with network mode none, which Docker connects to nothing`,
      remedy: remedies,
    });
  } else if (attachment.kind === "container" && !none) {
    say({
      code: "conflict",
      property: "container.networkMode",
      value: "none",
      cause: `container ${container.name} runs with network mode ${container.networkMode}`,
      remedy: remedies,
    });
  }
}
