import type { Flow } from "../compile/firewall/flows";
import { readAddress } from "../model/address";

/** Conntrack writes none for what is on no bridge of ours. */
const noZone = 0;

/** A flow with what tells it from others between the same two. */
export interface SeenFlow extends Flow {
  /** Of protocols that have ports. */
  readonly sourcePort?: number;
  /** Of ICMP and ICMPv6. */
  readonly icmpId?: number;
}

/**
 * One line of conntrack's table, as /proc/net/nf_conntrack and `conntrack -L` write it: the flow in the direction in
 * which it was opened. `undefined` where it is no flow of IP; without a zone it is on no bridge of ours.
 *
 *     ipv4 2 tcp 6 431999 ESTABLISHED src=10.20.1.5 dst=10.20.2.7 sport=40000 dport=80 src=10.20.2.7 … zone=5001 use=2
 */
export function parseFlow(line: string): SeenFlow | undefined {
  const words = line.split(" ").filter((word) => word !== "");
  const protocol = protocolOf(words);
  const fields = firstOfEach(words);
  const zone = numberOf(fields.get("zone") ?? fields.get("zone-orig")) ?? noZone;
  const source = readAddress(fields.get("src") ?? "");
  const destination = readAddress(fields.get("dst") ?? "");
  if (protocol === undefined || source === undefined || destination === undefined) {
    return undefined;
  }
  return { zone, source, destination, protocol, ...portsOf(fields), ...icmpOf(fields) };
}

function portsOf(fields: ReadonlyMap<string, string>): Pick<SeenFlow, "port" | "sourcePort"> {
  const port = numberOf(fields.get("dport"));
  const sourcePort = numberOf(fields.get("sport"));
  return port !== undefined && sourcePort !== undefined ? { port, sourcePort } : {};
}

function icmpOf(fields: ReadonlyMap<string, string>): Pick<SeenFlow, "icmp" | "icmpId"> {
  const [type, code, icmpId] = ["type", "code", "id"].map((name) => numberOf(fields.get(name)));
  if (type === undefined || code === undefined) return {};
  return { icmp: { type, code }, ...(icmpId === undefined ? {} : { icmpId }) };
}

/** All that can be read; a host's table has other things as well. */
export function parseFlows(lines: readonly string[]): readonly SeenFlow[] {
  return lines.map(parseFlow).filter((flow) => flow !== undefined);
}

/** Its number stands after its name, and before both, in most forms, the family and its number. */
function protocolOf(words: readonly string[]): number | undefined {
  return numberOf(words[/^ipv[46]$/.test(words[0] ?? "") ? 3 : 1]);
}

/** The way back repeats the names of the way there. */
function firstOfEach(words: readonly string[]): ReadonlyMap<string, string> {
  const fields = words
    .filter((word) => word.includes("="))
    .map((word): [string, string] => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]);
  return new Map(fields.reverse());
}

function numberOf(word: string | undefined): number | undefined {
  return word !== undefined && /^\d+$/.test(word) ? Number(word) : undefined;
}
