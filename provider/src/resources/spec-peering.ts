import type { PeeringIntent, PeeringSide } from "../compile/intent";
import type { InputReader } from "../inputs/input-reader";
import { SdnError } from "../model/error";
import { parseName } from "../model/name";
import type { SpecOf } from "./spec-inputs";
import { address, cidr, label, mtu, vni } from "./spec-inputs";

function readSide(reader: InputReader): PeeringSide | undefined {
  const side = {
    network: reader.require("network", reader.parsed("network", parseName), "the network's name"),
    routerVni: vni(reader, "routerVni"),
    ipv4: reader.parsed("ipv4", address),
    ipv6: reader.parsed("ipv6", address),
    prefixes: reader.require("prefixes", reader.texts("prefixes", cidr), "what the other side may reach"),
  };
  reader.finish();
  const { network, routerVni, prefixes } = side;
  if (network === undefined || routerVni === undefined || prefixes === undefined) return undefined;
  return { ...side, network, routerVni, prefixes };
}

export function readPeeringSpec(reader: InputReader): SpecOf<PeeringIntent> | undefined {
  const spec = { label: label(reader), vni: vni(reader, "vni"), mtu: mtu(reader) };
  const sides = reader.require("sides", reader.objects("sides"), "the two networks") ?? [];
  const [left, right, ...others] = sides.map(readSide);
  reader.finish();
  if (reader.problems.empty && sides.length > 0 && (sides.length === 1 || others.length > 0)) {
    reader.problems.add(new SdnError({ code: "invalid-input", property: reader.at("sides"), cause: "must be two" }));
  }
  const { label: name, vni: number, mtu: bytes } = spec;
  if (name === undefined || number === undefined || bytes === undefined) return undefined;
  if (left === undefined || right === undefined) return undefined;
  return { label: name, vni: number, mtu: bytes, sides: [left, right] };
}
