import type { CommonInputs } from "../inputs/spaces";
import { readCommon, readVniRange } from "../inputs/spaces";
import type { InputReader } from "../inputs/input-reader";
import type { VniRange } from "../model/vni";
import { maximumVni, minimumVni } from "../model/vni";
import type { ValueMap } from "../rpc/value";
import type { AllocationKind } from "./allocation";
import { decideVni } from "./vni-allocation";

interface PeeringInputs extends CommonInputs {
  /** URN of the fabric: the domain in which VNIs are unique. */
  readonly fabric: string;
  readonly vniRange: VniRange;
  /** The number that is asked for; `undefined` for any. */
  readonly vni: number | undefined;
}

function read(reader: InputReader): PeeringInputs | undefined {
  const common = readCommon(reader);
  const fabric = reader.require("fabric", reader.text("fabric"), "the fabric's URN");
  const vniRange = reader.require("vniRange", readVniRange(reader), "the fabric's VNI range");
  const vni = reader.integer("vni", minimumVni, maximumVni);
  if (common === undefined || fabric === undefined || vniRange === undefined) return undefined;
  return { ...common, fabric, vniRange, vni };
}

/** A peering's own number: no VXLAN segment has it, and it names the links and gives their addresses. */
export const peeringAllocationKind: AllocationKind<PeeringInputs> = {
  token: "sdn:ipam:PeeringAllocation",
  noun: "peering",
  outputs: ["vni"],
  read,
  decide(asker, inputs, held, holdings, book): ValueMap {
    return { vni: decideVni(asker, inputs, held["vni"], holdings, book) };
  },
  note(asker, inputs, held, book) {
    const error = typeof held["vni"] === "number" ? book.hold(inputs.fabric, asker.name, held["vni"]) : undefined;
    return error === undefined ? [] : [error];
  },
};
