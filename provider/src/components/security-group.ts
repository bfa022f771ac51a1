import { InputReader } from "../inputs/input-reader";
import { parseName } from "../model/name";
import type { CheckFailure, ComponentHandler, ConstructContext } from "../rpc/handlers";
import type { ValueMap } from "../rpc/value";
import { Unknown } from "../rpc/value";
import { type Items, memberChoices, readItems } from "./firewall/items";
import { Resolution } from "./firewall/resolve";

function read(inputs: ValueMap): { reader: InputReader; members: Items } {
  const reader = InputReader.of(inputs);
  const members = readItems(reader, "members", memberChoices);
  reader.require("members", members, "what it holds");
  reader.finish();
  return { reader, members: members ?? [] };
}

/** What a group holds, for policies to look up; nothing is made of it by itself. */
export const securityGroup: ComponentHandler = {
  token: "sdn:index:SecurityGroup",

  check(inputs: ValueMap): readonly CheckFailure[] {
    return read(inputs).reader.problems.list;
  },

  async construct(context: ConstructContext, inputs: ValueMap): Promise<ValueMap> {
    parseName(context.name, "name");
    const resolution = new Resolution(context);
    const items = read(inputs).members;
    const members = await resolution.all(items);
    resolution.problems.throwIfAny();
    const named = items instanceof Unknown ? [] : items.flatMap((item) => (item.kind === "endpoint" ? [item.urn] : []));
    return { members, endpoints: named, fabrics: [...resolution.fabrics].sort() };
  },
};
