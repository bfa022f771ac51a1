/** What of a host's own is adopted: the same words in the component and in its resource on the host. */
import type { AdoptedBridge, AdoptedDockerNetwork, AdoptedVxlan } from "../model/adopted";
import { formatAddress, parseAddress } from "../model/address";
import { formatCidr, parseCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import { parseDockerName, parseInterfaceName } from "../model/name";
import { maximumVni } from "../model/vni";
import type { InputReader } from "./input-reader";

export interface AdoptedParts {
  readonly bridge: AdoptedBridge | undefined;
  readonly vxlans: readonly AdoptedVxlan[];
  readonly dockerNetwork: AdoptedDockerNetwork | undefined;
}

const address = (text: string, property: string): string => formatAddress(parseAddress(text, property));
const cidr = (text: string, property: string): string => formatCidr(parseCidr(text, property));

/** Something must be given. */
export function readAdopted(reader: InputReader): AdoptedParts {
  const parts = {
    bridge: readBridge(reader.object("bridge")),
    vxlans: (reader.objects("vxlans") ?? []).flatMap((one) => readVxlan(one) ?? []),
    dockerNetwork: readDockerNetwork(reader.object("dockerNetwork")),
  };
  const given = ["bridge", "vxlans", "dockerNetwork"].some((name) => (reader.value(name) ?? null) !== null);
  if (!given && reader.unknowns.size === 0) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: reader.at("bridge"),
        cause: "nothing says what is adopted",
        remedy: "give bridge, vxlans or dockerNetwork",
      }),
    );
  }
  return parts;
}

const nameOf = (reader: InputReader): string | undefined =>
  reader.require("name", reader.parsed("name", parseInterfaceName), "the interface's name");
const mtuOf = (reader: InputReader): number | undefined =>
  reader.require("mtu", reader.integer("mtu", 68, 65535), "the MTU that it has");

function readBridge(reader: InputReader | undefined): AdoptedBridge | undefined {
  if (reader === undefined) return undefined;
  const [name, mtu] = [nameOf(reader), mtuOf(reader)];
  reader.finish();
  return name === undefined || mtu === undefined ? undefined : { name, mtu };
}

function readVxlan(reader: InputReader): AdoptedVxlan | undefined {
  const [name, mtu] = [nameOf(reader), mtuOf(reader)];
  const vni = reader.require("vni", reader.integer("vni", 0, maximumVni), "the VNI that it has");
  const local = reader.parsed("local", address);
  const port = reader.require("port", reader.integer("port", 1, 65535), "the UDP port that it has");
  const remotes = reader.texts("remotes", address) ?? [];
  reader.finish();
  if (name === undefined || mtu === undefined || vni === undefined || port === undefined) return undefined;
  return { name, mtu, vni, local, port, remotes };
}

function readDockerNetwork(reader: InputReader | undefined): AdoptedDockerNetwork | undefined {
  if (reader === undefined) return undefined;
  const name = reader.require("name", reader.parsed("name", parseDockerName), "the network's name");
  const networkId = reader.require("networkId", reader.parsed("networkId", parseNetworkId), "its ID");
  const cidrs = reader.texts("cidrs", cidr) ?? [];
  reader.finish();
  return name === undefined || networkId === undefined ? undefined : { name, networkId, cidrs };
}

function parseNetworkId(text: string, property: string): string {
  if (/^[A-Za-z0-9_.-]{1,128}$/.test(text)) return text;
  const remedy = "write what `docker network inspect --format {{.Id}}` says";
  throw new SdnError({ code: "invalid-input", property, value: text, cause: "is not a network's ID", remedy });
}
