import { InputReader } from "../inputs/input-reader";
import type { AdoptedParts } from "../inputs/adopted";
import { readAdopted } from "../inputs/adopted";
import { parseName } from "../model/name";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";
import { memberOf } from "./member";
import { nameOf, outputsOf, present, referenceOf } from "./references";

interface AdoptedInputs {
  readonly host: string;
  readonly parts: AdoptedParts;
}

function read(inputs: ValueMap): { reader: InputReader; parsed: AdoptedInputs } {
  const reader = InputReader.of(inputs);
  const host = reader.problems.collect(() => referenceOf(reader.value("host"), "host", "sdn:index:Host"));
  const parts = readAdopted(reader);
  reader.finish();
  return { reader, parsed: { host: host ?? "", parts } };
}

export const adoptedSegment: ComponentHandler = {
  token: "sdn:index:AdoptedSegment",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return read(inputs).reader.problems.list;
  },

  async construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    parseName(context.name, "name");
    const { host: urn } = read(inputs).parsed;
    const host = nameOf(urn);
    const { connection } = memberOf(host, urn, await outputsOf(context, urn));
    const { bridge, vxlans, dockerNetwork } = inputs;
    const adopted = await context.child({
      type: "sdn:linux:AdoptedSegment",
      name: context.name,
      inputs: {
        connection,
        host,
        spec: present({ label: context.name, name: context.name, bridge, vxlans, dockerNetwork }),
      },
      dependencies: [urn],
    });
    return { hostName: host, adopted: adopted.urn };
  },
};
