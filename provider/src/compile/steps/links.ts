import { SdnError } from "../../model/error";
import type { PeerSet } from "../../model/peer-set";
import { isPeerList, peerSetOf, samePeerSet } from "../../model/peer-set";
import type { Snapshot } from "../../model/snapshot";
import type { StepMeaning } from "./meaning";
import { settingDifferences } from "./settings";
import { linkMissing, listWord, notOurs, ownedLink, placeOf, namespaceOf, unequal } from "./meaning";

export const namespace: StepMeaning<"namespace"> = {
  identity: (step) => step.name,
  ensure: (step) => ["netns", step.name, step.mark],
  remove: (step) => ["remove_netns", step.name, step.mark],
  differences: (step, snapshot) => {
    const found = snapshot.namespaces.get(step.name);
    if (found === undefined) return [`router namespace ${step.name} is missing`];
    const lo = found.links.get("lo");
    if (lo?.alias !== step.mark) return [notOurs(`router namespace ${step.name}`, lo?.alias ?? "")];
    return lo.up ? [] : [`interface lo in ${step.name} is down`];
  },
};

/** No address of the host may ever answer on a tenant's segment; the program sets these with the bridge. */
const bridgeSettings = (name: string): Readonly<Record<string, string>> => ({
  [`net.ipv6.conf.${name}.disable_ipv6`]: "1",
  [`net.ipv4.conf.${name}.arp_ignore`]: "8",
});

const hasServices = ({ host }: Snapshot, name: string): boolean =>
  host.tables.get("inet sdn")?.maps.get("networks")?.has(name) === true;

export const bridge: StepMeaning<"bridge"> = {
  identity: (step) => step.name,
  ensure: (step) => ["bridge", step.name, step.mtu, step.mac, step.mark],
  remove: (step) => ["remove_link", "-", step.name, step.mark],
  query: (step) => ["query_sysctl", "-", ...Object.keys(bridgeSettings(step.name))],
  differences: (step, snapshot) => {
    const { link, differences } = ownedLink(snapshot, undefined, step.name, step.mark);
    if (link === undefined) return differences;
    return [
      ...differences,
      ...Object.entries(bridgeSettings(step.name))
        // Of a bridge with services it is theirs.
        .filter(([key]) => !(key.endsWith(".disable_ipv6") && hasServices(snapshot, step.name)))
        .flatMap(([key, value]) => settingDifferences(snapshot, undefined, key, value)),
      ...unequal(`kind of ${step.name}`, link.kind, "bridge"),
      ...unequal(`MTU of ${step.name}`, link.mtu, step.mtu),
      ...unequal(`MAC of ${step.name}`, link.mac, step.mac),
    ];
  },
};

export const vxlan: StepMeaning<"vxlan"> = {
  identity: (step) => step.name,
  ensure: (step) => ["vxlan", step.name, step.vni, step.local, step.port, step.mtu, step.bridge, step.mark],
  remove: (step) => ["remove_link", "-", step.name, step.mark],
  differences: (step, snapshot) => {
    const { link, differences } = ownedLink(snapshot, undefined, step.name, step.mark);
    if (link === undefined) return differences;
    return [
      ...differences,
      ...unequal(`VNI of ${step.name}`, link.vxlan?.vni ?? "", step.vni),
      ...unequal(`local address of ${step.name}`, link.vxlan?.local ?? "", step.local),
      ...unequal(`port of ${step.name}`, link.vxlan?.port ?? "", step.port),
      ...unequal(`MTU of ${step.name}`, link.mtu, step.mtu),
      ...unequal(`bridge of ${step.name}`, link.master, step.bridge),
    ];
  },
};

export const flood: StepMeaning<"flood"> = {
  identity: (step) => step.device,
  ensure: (step) => {
    if (isPeerList(step.peers)) return ["flood", step.device, listWord(step.peers)];
    throw new SdnError({
      code: "internal",
      cause: `the VTEPs that ${step.device} floods to are not known in this run`,
      remedy: "run the whole program: the Subnet tells its segments",
    });
  },
  remove: () => undefined,
  differences: (step, snapshot) => {
    if (!snapshot.host.links.has(step.device)) return linkMissing(snapshot, undefined, step.device);
    const found = snapshot.floods.get(step.device) ?? "";
    const present = new Set(found === "" ? [] : found.split(","));
    if (!isPeerList(step.peers)) return setDifferences(step.device, [...present], step.peers);
    const wanted = new Set(step.peers);
    return [
      ...step.peers
        .filter((peer) => !present.has(peer))
        .map((peer) => `flood entry of ${step.device} for VTEP ${peer} is missing`),
      ...[...present]
        .filter((peer) => !wanted.has(peer))
        .map((peer) => `flood entry of ${step.device} for VTEP ${peer} is not ours`),
    ];
  },
};

/** Where the VTEPs are known by their digest alone. */
function setDifferences(device: string, present: readonly string[], wanted: PeerSet): readonly string[] {
  if (samePeerSet(peerSetOf(present), wanted)) return [];
  if (present.length !== wanted.count)
    return unequal(`number of VTEPs that ${device} floods to`, present.length, wanted.count);
  return [`${device} floods to other VTEPs than those of its subnet`];
}

export const veth: StepMeaning<"veth"> = {
  identity: (step) => `${step.from ?? "-"} ${step.name}`,
  ensure: (step) => [
    "veth",
    step.name,
    step.where ?? "-",
    step.peer,
    step.mtu,
    step.mac ?? "-",
    step.bridge ?? "-",
    step.mark,
    ...(step.from === undefined ? [] : [step.from]),
  ],
  remove: (step) => ["remove_link", step.from ?? "-", step.name, step.mark],
  differences: (step, snapshot) => {
    const outer = ownedLink(snapshot, step.from, step.name, step.mark);
    const inner = ownedLink(snapshot, step.where, step.peer, step.mark);
    const found = [...outer.differences, ...inner.differences];
    if (outer.link !== undefined) {
      found.push(...unequal(`MTU of ${step.name}${placeOf(step.from)}`, outer.link.mtu, step.mtu));
      if (step.bridge !== undefined) found.push(...unequal(`bridge of ${step.name}`, outer.link.master, step.bridge));
    }
    if (inner.link !== undefined) {
      const place = placeOf(step.where);
      found.push(...unequal(`MTU of ${step.peer}${place}`, inner.link.mtu, step.mtu));
      if (step.mac !== undefined) found.push(...unequal(`MAC of ${step.peer}${place}`, inner.link.mac, step.mac));
    }
    return found;
  },
};

export const macvlan: StepMeaning<"macvlan"> = {
  identity: (step) => `${step.where} ${step.name}`,
  ensure: (step) => ["macvlan", step.where, step.name, step.lower, step.mac, step.mtu, step.mark],
  // It goes with the link that it stands on.
  remove: () => undefined,
  differences: (step, snapshot) => {
    const { link, differences } = ownedLink(snapshot, step.where, step.name, step.mark);
    if (link === undefined) return differences;
    return [
      ...differences,
      ...unequal(`MAC of ${step.name} in ${step.where}`, link.mac, step.mac),
      ...unequal(`MTU of ${step.name} in ${step.where}`, link.mtu, step.mtu),
    ];
  },
};

export const master: StepMeaning<"master"> = {
  identity: (step) => step.link,
  ensure: (step) => ["master", step.link, step.bridge, step.mtu],
  remove: (step) => ["remove_master", step.link, step.bridge],
  differences: (step, snapshot) => {
    const link = namespaceOf(snapshot, undefined)?.links.get(step.link);
    if (link === undefined) return linkMissing(snapshot, undefined, step.link);
    return [
      ...(link.up ? [] : [`interface ${step.link} is down`]),
      ...unequal(`bridge of ${step.link}`, link.master, step.bridge),
      ...unequal(`MTU of ${step.link}`, link.mtu, step.mtu),
    ];
  },
};

export const gatewayFdb: StepMeaning<"gateway-fdb"> = {
  identity: (step) => `${step.port} ${step.mac}`,
  ensure: (step) => ["gateway_fdb", step.port, step.mac],
  remove: () => undefined,
  differences: (step, snapshot) => {
    if (!snapshot.host.links.has(step.port)) return linkMissing(snapshot, undefined, step.port);
    const entries = snapshot.fdb.filter((one) => one.device === step.port && one.mac === step.mac);
    if (entries.length === 0) return [`FDB entry of the gateway ${step.mac} on ${step.port} is missing`];
    if (entries.some(({ sticky }) => sticky)) return [];
    return [`FDB entry of the gateway ${step.mac} on ${step.port} is learned, should be static and sticky`];
  },
};
