/** Which sources a port may speak for, as elements of the sets that the bridge table looks into. */
import { formatAddress, parseAddress } from "../model/address";
import { addressToCidr, type Cidr, firstAddress, formatCidr, lastAddress, parseCidr, size } from "../model/cidr";
import { linkLocalFrom, parseMac } from "../model/mac";
import type { Guard, PortIntent } from "./intent";
import { bridgeName } from "./names";
import type { Step, StepOf } from "./step";

type Element = StepOf<"nft-element">;

const linkLocal: Cidr = { family: 6, base: 0xfe80n << 112n, prefixLength: 64 };

export function guardSteps(intent: PortIntent, port: string): readonly Step[] {
  const { guard } = intent;
  // A port without a guard may say what it likes, but not that it is the gateway.
  if (guard === undefined)
    return familiesOf(intent).flatMap(({ gateway }) => (gateway === undefined ? [] : [gatewayElement(port, gateway)]));
  const own = guard.bindMac ? parseMac(intent.mac, "mac") : undefined;
  return elements(intent, guard, {
    port,
    mac: own?.value.toString(),
    linkLocal: nftText(own === undefined ? linkLocal : addressToCidr(linkLocalFrom(own))),
  });
}

/**
 * The same for a container of an engine, whose port and MAC address the engine chooses: the host puts them in. Without
 * a guard the rules for an engine's ports hold.
 */
export function containerGuardSteps(intent: PortIntent, container: ContainerPort): readonly Step[] {
  if (intent.guard === undefined) return [];
  const { network, container: name } = container;
  const wanted = elements(intent, intent.guard, { port: "%", mac: "MAC", linkLocal: "LINK-LOCAL" });
  return [{ kind: "container-guard", container: name, network, bridge: bridgeName(intent.vni), elements: wanted }];
}

interface ContainerPort {
  readonly network: string;
  readonly container: string;
}

/** Who the port is, as set elements say it. */
interface Identity {
  readonly port: string;
  /** `undefined`: whoever is behind it. */
  readonly mac: string | undefined;
  readonly linkLocal: string;
}

function elements(intent: PortIntent, guard: Guard, { port, mac, linkLocal: local }: Identity): readonly Element[] {
  const others = guard.pairs.flatMap((pair) => (pair.mac === undefined ? [] : [parseMac(pair.mac, "mac")]));
  const blocks = [
    ...familiesOf(intent).map(({ address }) => oneAddress(address.replace(/\/.*$/, ""))),
    ...(mac === undefined ? [] : others.map((other) => addressToCidr(linkLocalFrom(other)))),
    ...guard.pairs.map(({ cidr }) => parseCidr(cidr, "cidr")),
  ];
  const macs = mac === undefined ? [] : [mac, ...others.map(({ value }) => value.toString())];
  const all = [
    ...(mac === undefined ? [element("any_sender", port)] : macs.map((one) => element("senders", port, one))),
    element(mac === undefined ? "sources6_blocks" : "sources6", port, local),
    ...blocks.map((block) => element(setOf(block), port, nftText(block))),
    element("guarded", port),
  ];
  return [...new Map(all.map((one) => [`${one.set} ${one.value.join(" ")}`, one])).values()];
}

const familiesOf = ({ ipv4, ipv6 }: PortIntent): readonly NonNullable<PortIntent["ipv4"]>[] =>
  [ipv4, ipv6].filter((family) => family !== undefined);

/** Nobody behind the port is this gateway. */
export function gatewayElement(port: string, gateway: string): Step {
  const block = oneAddress(gateway);
  return element(block.family === 4 ? "gateways" : "gateways6", port, nftText(block));
}

/** Nobody behind a port of an engine is this gateway. */
export function engineGatewayElement(gateway: string): Step {
  const block = oneAddress(gateway);
  return element(block.family === 4 ? "engine_gateways" : "engine_gateways6", nftText(block));
}

export function element(set: string, ...value: readonly string[]): Element {
  return { kind: "nft-element", family: "bridge", set, value };
}

const oneAddress = (text: string): Cidr => addressToCidr(parseAddress(text, "address"));
const setOf = (block: Cidr): string => `sources${block.family}${size(block) === 1n ? "" : "_blocks"}`;

/** IPv6 sources are compared as numbers, since nft has no name for the target of a neighbour advertisement. */
function nftText(block: Cidr): string {
  if (block.family === 4) return size(block) === 1n ? formatAddress(firstAddress(block)) : formatCidr(block);
  const first = `0x${block.base.toString(16)}`;
  return size(block) === 1n ? first : `${first}-0x${lastAddress(block).value.toString(16)}`;
}
