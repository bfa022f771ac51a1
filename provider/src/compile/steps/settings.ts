import type { Snapshot } from "../../model/snapshot";
import type { Where } from "../step";
import type { StepMeaning } from "./meaning";
import { placeOf, unequal } from "./meaning";

export const sysctl: StepMeaning<"sysctl"> = {
  identity: (step) => `${step.where ?? "-"} ${step.key}`,
  ensure: (step) => ["sysctl", step.where ?? "-", step.key, step.value],
  // A namespace's go with it; the host's own are put back when the last resource goes.
  remove: () => undefined,
  query: (step) => ["query_sysctl", step.where ?? "-", step.key],
  differences: (step, snapshot) => settingDifferences(snapshot, step.where, step.key, step.value),
};

export function settingDifferences(snapshot: Snapshot, where: Where, key: string, value: string): readonly string[] {
  const actual = snapshot.sysctls.get(`${where ?? "-"} ${key}`);
  // Not read, the kernel does without it, or the namespace is gone, which another step says.
  if (actual === undefined || actual === "") return [];
  return unequal(`sysctl ${key}${placeOf(where)}`, actual, value);
}

export const forwarding6: StepMeaning<"forwarding6"> = {
  identity: () => "forwarding6",
  ensure: () => ["forwarding6"],
  remove: () => undefined,
  query: () => ["query_sysctl", "-", "net.ipv6.conf.all.forwarding"],
  differences: (_step, snapshot) => settingDifferences(snapshot, undefined, "net.ipv6.conf.all.forwarding", "1"),
};
