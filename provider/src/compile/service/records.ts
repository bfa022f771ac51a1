import { formatAddress, readAddress } from "../../model/address";
import { SdnError } from "../../model/error";
import type { ServiceIntent } from "./intent";

/** What names answer with, a record a line: `data OWNER TTL TYPE VALUE`, or `alias OWNER TTL TARGET` for a CNAME. */
export function recordsOf(intent: ServiceIntent): readonly string[] {
  const external = intent.backends.find((backend) => backend.kind === "external");
  const names = intent.dns.names.flatMap((name) => [name, ...shortOf(name, intent.dns.zone)]);
  const records =
    external === undefined
      ? [...names.flatMap((name) => addressRecords(intent, name)), ...pointers(intent)]
      : names.map((name) => `alias ${rooted(name)} ${intent.dns.ttl} ${rooted(external.name)}`);
  const canonical = external?.name ?? intent.dns.names[0];
  const all = [...records, ...(canonical === undefined ? [] : services(intent, canonical))];
  return [...new Set(all)].map(checked);
}

/**
 * The name without the zone, as people write it. Only a single label: with a dot in it, it may be a name that somebody
 * has in the world outside.
 */
function shortOf(name: string, zone: string): readonly string[] {
  const label = name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : "";
  return label === "" || label.includes(".") ? [] : [label];
}

/** The virtual addresses, and without any those of the backends. */
function addressesOf({ ipv4, ipv6, backends }: ServiceIntent): readonly string[] {
  const virtual = [ipv4, ipv6].filter((address) => address !== undefined);
  if (virtual.length > 0) return virtual;
  return backends.flatMap((backend) => (backend.kind === "address" ? [backend.address] : []));
}

const addressRecords = (intent: ServiceIntent, name: string): readonly string[] =>
  addressesOf(intent).map((address) => data(name, intent, address.includes(":") ? "AAAA" : "A", address));

/** From an address to the entry's first name. */
function pointers(intent: ServiceIntent): readonly string[] {
  const [name] = intent.dns.names;
  if (name === undefined) return [];
  return addressesOf(intent).map((address) => data(reverseName(address), intent, "PTR", rooted(name)));
}

/** Of each port that has a name; where names answer with the backends, theirs is the port to use. */
function services(intent: ServiceIntent, target: string): readonly string[] {
  const [owner = ""] = intent.dns.names;
  const headless = intent.ipv4 === undefined && intent.ipv6 === undefined;
  return intent.ports.flatMap(({ name, protocol, port, targetPort }) => {
    if (name === undefined) return [];
    const value = `0 0 ${headless ? targetPort : port} ${rooted(target)}`;
    return [data(`_${name.toLowerCase()}._${protocol}.${owner}`, intent, "SRV", value)];
  });
}

const data = (owner: string, { dns }: ServiceIntent, type: string, value: string): string =>
  `data ${rooted(owner)} ${dns.ttl} ${type} ${value}`;

const rooted = (name: string): string => `${name}.`;

/** Below in-addr.arpa or ip6.arpa. */
export function reverseName(text: string): string {
  const address = readAddress(text);
  if (address === undefined) throw new SdnError({ code: "internal", cause: `${text} is no address` });
  if (address.family === 4) return `${formatAddress(address).split(".").reverse().join(".")}.in-addr.arpa`;
  return `${Array.from(address.value.toString(16).padStart(32, "0")).reverse().join(".")}.ip6.arpa`;
}

/** What goes into the server's configuration on the host, in quotes. */
function checked(record: string): string {
  if (/^(data|alias) [A-Za-z0-9._: -]+$/.test(record)) return record;
  throw new SdnError({ code: "internal", cause: `"${record}" is not a record that may be sent to a host` });
}
