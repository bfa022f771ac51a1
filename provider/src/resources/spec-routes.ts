import type { PolicyRoute, SegmentIntent, StaticRoute } from "../compile/intent";
import { maximumPriority } from "../compile/segment-routes";
import type { InputReader } from "../inputs/input-reader";
import { present } from "../inputs/present";
import { address, cidr } from "./spec-inputs";

function readRoute(reader: InputReader): StaticRoute | undefined {
  const destination = reader.require("destination", reader.parsed("destination", cidr), "where to");
  const nextHop = reader.require("nextHop", reader.parsed("nextHop", address), "by whom");
  reader.finish();
  return destination === undefined || nextHop === undefined ? undefined : { destination, nextHop };
}

function readPolicyRoute(reader: InputReader): PolicyRoute | undefined {
  const priority = reader.require("priority", reader.integer("priority", 1, maximumPriority), "its place");
  const from = reader.require("from", reader.parsed("from", cidr), "whose packets");
  const to = reader.parsed("to", cidr);
  const nextHop = reader.require("nextHop", reader.parsed("nextHop", address), "by whom");
  reader.finish();
  if (priority === undefined || from === undefined || nextHop === undefined) return undefined;
  return present({ priority, from, to, nextHop });
}

/** The part of a segment's spec that says how it is routed; what is usual is left out. */
export function readSegmentRoutes(reader: InputReader): Pick<SegmentIntent, "routes" | "policyRoutes" | "internal"> {
  const whole = <T>(items: readonly (T | undefined)[] | undefined): readonly T[] | undefined =>
    items?.filter((item) => item !== undefined);
  return present({
    routes: whole(reader.objects("routes")?.map(readRoute)),
    policyRoutes: whole(reader.objects("policyRoutes")?.map(readPolicyRoute)),
    internal: reader.boolean("internal"),
  });
}
