import { allocateNumber } from "../ipam/number";
import type { CommonInputs } from "../inputs/spaces";
import { readCommon, readVniRange } from "../inputs/spaces";
import type { InputReader } from "../inputs/input-reader";
import type { VniRange } from "../model/vni";
import type { ValueMap } from "../rpc/value";
import type { AllocationKind } from "./allocation";
import { hold } from "./allocation";

interface PeeringInputs extends CommonInputs {
  /** URN of the fabric: the domain in which VNIs are unique. */
  readonly fabric: string;
  readonly vniRange: VniRange;
}

function read(reader: InputReader): PeeringInputs | undefined {
  const common = readCommon(reader);
  const fabric = reader.require("fabric", reader.text("fabric"), "the fabric's URN");
  const vniRange = reader.require("vniRange", readVniRange(reader), "the fabric's VNI range");
  if (common === undefined || fabric === undefined || vniRange === undefined) return undefined;
  return { ...common, fabric, vniRange };
}

/** A peering's own number: no VXLAN segment has it, and it names the links and gives their addresses. */
export const peeringAllocationKind: AllocationKind<PeeringInputs> = {
  token: "sdn:ipam:PeeringAllocation",
  noun: "peering",
  outputs: ["vni"],
  read,
  decide(asker, inputs, held, holdings, book): ValueMap {
    const before = typeof held["vni"] === "number" ? [{ value: held["vni"], owner: asker.name }] : [];
    const taken = [...before, ...book.takenNumbers(inputs.fabric), ...holdings.vnis];
    const vni = allocateNumber({ range: inputs.vniRange, key: asker.name, taken, noun: "VNI" });
    hold(book, inputs.fabric, asker.name, vni);
    return { vni };
  },
  note(asker, inputs, held, book) {
    const error = typeof held["vni"] === "number" ? book.hold(inputs.fabric, asker.name, held["vni"]) : undefined;
    return error === undefined ? [] : [error];
  },
};
