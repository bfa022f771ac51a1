/** A policy as hosts have it: pods are not on them, and a cluster is its addresses. */
import type { Value, ValueMap } from "../../rpc/value";
import { isValueMap, unknown } from "../../rpc/value";
import { isList } from "../../rpc/values";
import { mapsOf } from "../references";

/** `undefined` where the policy is known to apply to nothing but pods. */
export function hostSpec(spec: ValueMap): ValueMap | undefined {
  const { groups, appliesTo } = spec;
  if (!isList(groups)) return spec;
  const clusterGroups = new Set(
    groups
      .filter(isValueMap)
      .filter(isOfClusters)
      .map(({ name }) => name),
  );
  const isOnClusters = (target: Value): boolean =>
    isValueMap(target) && target["kind"] === "group" && clusterGroups.has(target["name"] ?? "");
  if (isList(appliesTo) && appliesTo.length > 0 && appliesTo.every(isOnClusters)) return undefined;
  return { ...spec, groups: groups.map((group) => (isValueMap(group) ? groupOnHosts(group) : group)) };
}

/** Whether a group has pods and nothing else. */
function isOfClusters(group: ValueMap): boolean {
  const members = mapsOf(group, "members");
  return members.length > 0 && members.every(({ kind }) => kind === "pods" || kind === "cluster");
}

function groupOnHosts(group: ValueMap): ValueMap {
  const { members } = group;
  if (!isList(members)) return group;
  const kept = members.map(memberOnHosts);
  return { ...group, members: kept.every(isList) ? kept.flat() : unknown };
}

/** The members that hosts have for one; unknown where its addresses are. */
function memberOnHosts(member: Value): Value {
  if (!isValueMap(member)) return [member];
  if (member["kind"] === "pods") return [];
  if (member["kind"] !== "cluster") return [member];
  const { cidrs } = member;
  return isList(cidrs) ? cidrs.map((cidr) => ({ kind: "cidr", cidr })) : unknown;
}
