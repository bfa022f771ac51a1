import type { ConstructContext } from "../../rpc/handlers";
import { Unknown, type ValueMap } from "../../rpc/value";
import { enforcersOf, membersOf } from "../member";
import { outputsOf } from "../references";
import { endpointRef } from "./resolve";

export type Labels = ValueMap | Unknown | undefined;

export const hasLabels = (labels: Labels): boolean => labels instanceof Unknown || Object.keys(labels ?? {}).length > 0;

/**
 * Tells all hosts of the fabric which labels an endpoint's addresses have, whatever policies there are. URNs of what was
 * registered for it.
 */
export async function registerLabels(
  context: ConstructContext,
  labels: Labels,
  endpoint: ValueMap,
): Promise<readonly string[]> {
  if (labels === undefined || !hasLabels(labels)) return [];
  const { fabricUrn } = endpoint;
  const fabric = typeof fabricUrn === "string" ? await outputsOf(context, fabricUrn) : {};
  const member = await context.child({
    type: "sdn:firewall:Member",
    name: context.name,
    inputs: {
      hosts: enforcersOf(fabric),
      spec: { label: context.name, labels, ...endpointRef(context.name, endpoint) },
    },
    dependencies: membersOf(fabric).map(({ urn }) => urn),
  });
  return [member.urn];
}
