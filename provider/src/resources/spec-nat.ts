import type { DestinationNat, Nat, SourceNat } from "../compile/intent";
import type { InputReader } from "../inputs/input-reader";
import { present } from "../inputs/present";
import { address, cidr } from "./spec-inputs";

const hostAddress = (text: string, property: string): string =>
  text === "host" || text === "none" ? text : address(text, property);

function readSource(reader: InputReader): SourceNat | undefined {
  const from = reader.require("from", reader.parsed("from", cidr), "whose source it is");
  const to = reader.parsed("to", cidr);
  const chosen = reader.require("address", reader.parsed("address", hostAddress), "host, none or an address");
  reader.finish();
  if (from === undefined || chosen === undefined) return undefined;
  return present({ from, to, address: chosen });
}

const port = (reader: InputReader, name: string): number | undefined => reader.integer(name, 1, 65_535);

function readDestination(reader: InputReader): DestinationNat | undefined {
  const rule = {
    protocol: reader.require("protocol", reader.choice<"tcp" | "udp">("protocol", ["tcp", "udp"]), "tcp or udp"),
    address: reader.require("address", reader.parsed("address", address), "the host's address"),
    port: reader.require("port", port(reader, "port"), "the host's port"),
    endPort: port(reader, "endPort"),
    toAddress: reader.require("toAddress", reader.parsed("toAddress", address), "the endpoint's address"),
    toPort: port(reader, "toPort"),
    preserveSource: reader.boolean("preserveSource"),
  };
  reader.finish();
  const { protocol, address: own, port: first, toAddress } = rule;
  if (protocol === undefined || own === undefined || first === undefined) return undefined;
  if (toAddress === undefined) return undefined;
  return present({ ...rule, protocol, address: own, port: first, toAddress });
}

/** Translations, as a router's spec has them; `undefined` for none. */
export function readNat(reader: InputReader | undefined): Nat | undefined {
  if (reader === undefined) return undefined;
  const found = <T>(items: readonly (T | undefined)[] | undefined): readonly T[] =>
    (items ?? []).filter((item) => item !== undefined);
  const source = found(reader.objects("source")?.map(readSource));
  const destination = found(reader.objects("destination")?.map(readDestination));
  reader.finish();
  return { source, destination };
}
