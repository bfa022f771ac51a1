/** What others made by hand on a host, as the segments that take it in. */
import type { HostView } from "../../compile/fleet-intents";
import { fleetIntents } from "../../compile/fleet-intents";
import type { AdoptedBridge, AdoptedDockerNetwork, AdoptedVxlan } from "../../model/adopted";
import { SdnError } from "../../model/error";
import { parseDockerName, parseInterfaceName } from "../../model/name";
import type { DockerNetworkState, LinkState, Snapshot } from "../../model/snapshot";
import type { Declaration, PropertyMap } from "./program";
import { given, Reference } from "./program";

interface Parts {
  readonly bridge: AdoptedBridge | undefined;
  readonly vxlans: readonly AdoptedVxlan[];
  readonly dockerNetwork: AdoptedDockerNetwork | undefined;
}

export interface Foreign {
  readonly declarations: readonly Declaration[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** The engine's own, which nobody made. */
const predefined = new Set(["bridge", "host", "none"]);

export function foreignDeclarations(
  views: readonly HostView[],
  hosts: ReadonlyMap<string, Declaration>,
  owner: string | undefined,
): Foreign {
  const declarations: Declaration[] = [];
  const notes: string[] = [];
  for (const view of views) {
    const host = hosts.get(view.name);
    if (view.snapshot === undefined || host === undefined) continue;
    const known = fleetIntents([view]).adopted.map(({ intent }) => intent);
    const own = known.filter((intent) => intent.owner === owner);
    declarations.push(...own.map((intent) => declaration(intent.name, host, intent)));
    // What is adopted already, by whomever, is in that one's program.
    const taken = new Set(known.flatMap((intent) => namesOf(intent)));
    for (const parts of found(view.snapshot, taken, (note) => notes.push(`host ${view.name}: ${note}`))) {
      const [first = "segment"] = namesOf(parts);
      declarations.push(declaration(`${/^[A-Za-z]/.test(first) ? "" : "net-"}${first}-${view.name}`, host, parts));
    }
  }
  return { declarations, notes };
}

const namesOf = ({ bridge, vxlans, dockerNetwork }: Parts): readonly string[] => [
  ...(dockerNetwork === undefined ? [] : [dockerNetwork.name]),
  ...(bridge === undefined ? [] : [bridge.name]),
  ...vxlans.map(({ name }) => name),
];

function declaration(name: string, host: Declaration, { bridge, vxlans, dockerNetwork }: Parts): Declaration {
  const properties = given({
    host: new Reference(host),
    bridge: bridge === undefined ? undefined : { ...bridge },
    vxlans: vxlans.length === 0 ? undefined : vxlans.map(vxlanProperty),
    dockerNetwork: dockerNetwork === undefined ? undefined : { ...dockerNetwork },
  });
  return { type: "AdoptedSegment", name, properties };
}

const vxlanProperty = ({ local, remotes, ...vxlan }: AdoptedVxlan): PropertyMap =>
  given({ ...vxlan, local, remotes: remotes.length === 0 ? undefined : remotes });

/** Bridges with their VXLAN devices and Docker network; then what is of none of them. */
function found(snapshot: Snapshot, taken: ReadonlySet<string>, note: (text: string) => void): readonly Parts[] {
  const links = [...snapshot.host.links.values()].filter((link) => isForeign(link, taken, note));
  const networks = snapshot.dockerNetworks.filter((network) => isForeignNetwork(network, taken, note));
  const networkOf = (bridge: string): DockerNetworkState | undefined =>
    networks.find((one) => bridgeOf(one) === bridge);
  const vxlansOf = (bridge: string | undefined): readonly AdoptedVxlan[] =>
    links
      .filter(({ kind, master }) => kind === "vxlan" && (bridge ?? "") === master)
      .map((link) => vxlanOf(link, snapshot));
  const bridges = links
    .filter(({ kind }) => kind === "bridge")
    .map(({ name, mtu }): Parts => ({
      bridge: { name, mtu },
      vxlans: vxlansOf(name),
      dockerNetwork: dockerOf(networkOf(name)),
    }))
    // An engine's own bridge is nobody's handiwork, unless somebody put a VXLAN device on it.
    .filter((parts) => parts.bridge?.name !== "docker0" || parts.vxlans.length > 0)
    .map((parts) =>
      parts.dockerNetwork !== undefined && parts.vxlans.length === 0 ? { ...parts, bridge: undefined } : parts,
    );
  const covered = new Set(
    bridges.flatMap(({ dockerNetwork }) => (dockerNetwork === undefined ? [] : [dockerNetwork.name])),
  );
  return [
    ...bridges,
    ...vxlansOf(undefined).map((vxlan): Parts => ({ bridge: undefined, vxlans: [vxlan], dockerNetwork: undefined })),
    ...networks
      .filter(({ name }) => !covered.has(name))
      .map((network): Parts => ({ bridge: undefined, vxlans: [], dockerNetwork: dockerOf(network) })),
  ];
}

/** Docker names the bridge of a network by its ID, where no option gives another. */
const bridgeOf = ({ bridge, driver, id }: DockerNetworkState): string =>
  bridge !== "" ? bridge : driver === "bridge" ? `br-${id.slice(0, 12)}` : "";

function isForeign(link: LinkState, taken: ReadonlySet<string>, note: (text: string) => void): boolean {
  if (link.kind !== "bridge" && link.kind !== "vxlan") return false;
  if (link.alias.startsWith("sdn:") || taken.has(link.name)) return false;
  if (link.alias !== "") {
    note(`${link.kind} ${link.name} has an alias of its own (${link.alias}), which adoption would overwrite: left out`);
    return false;
  }
  return nameFits(`${link.kind} ${link.name}`, () => parseInterfaceName(link.name, "name"), note);
}

function isForeignNetwork(
  { name, mark }: DockerNetworkState,
  taken: ReadonlySet<string>,
  note: (text: string) => void,
): boolean {
  if (mark !== "" || predefined.has(name) || taken.has(name)) return false;
  return nameFits(`Docker network ${name}`, () => parseDockerName(name, "name"), note);
}

function nameFits(what: string, parse: () => string, note: (text: string) => void): boolean {
  try {
    parse();
    return true;
  } catch (thrown) {
    if (!(thrown instanceof SdnError)) throw thrown;
    note(`${what} has a name that sdn does not take: left out`);
    return false;
  }
}

function vxlanOf(link: LinkState, snapshot: Snapshot): AdoptedVxlan {
  const remotes = (snapshot.floods.get(link.name) ?? "").split(",").filter((remote) => remote !== "");
  const { vni = 0, local = "", port = 0 } = link.vxlan ?? {};
  return { name: link.name, mtu: link.mtu, vni, local: local === "" ? undefined : local, port, remotes };
}

const dockerOf = (network: DockerNetworkState | undefined): AdoptedDockerNetwork | undefined =>
  network === undefined ? undefined : { name: network.name, networkId: network.id, cidrs: network.subnets };
