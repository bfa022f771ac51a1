import type { StepMeaning } from "./meaning";
import { placeOf } from "./meaning";

export const sysctl: StepMeaning<"sysctl"> = {
  identity: (step) => `${step.where ?? "-"} ${step.key}`,
  ensure: (step) => ["sysctl", step.where ?? "-", step.key, step.value],
  // A namespace's go with it; the host's own are put back when the last resource goes.
  remove: () => undefined,
  query: (step) => ["query_sysctl", step.where ?? "-", step.key],
  differences: (step, snapshot) => {
    const actual = snapshot.sysctls.get(`${step.where ?? "-"} ${step.key}`);
    // Not read, or the namespace is gone, which another step says.
    if (actual === undefined || actual === "" || actual === step.value) return [];
    return [`sysctl ${step.key}${placeOf(step.where)} is ${actual}, should be ${step.value}`];
  },
};

export const forwarding6: StepMeaning<"forwarding6"> = {
  identity: () => "forwarding6",
  ensure: () => ["forwarding6"],
  remove: () => undefined,
  query: () => ["query_sysctl", "-", "net.ipv6.conf.all.forwarding"],
  differences: (_step, snapshot) => {
    const actual = snapshot.sysctls.get("- net.ipv6.conf.all.forwarding");
    return actual === undefined || actual === "1" ? [] : ["sysctl net.ipv6.conf.all.forwarding is 0, should be 1"];
  },
};
