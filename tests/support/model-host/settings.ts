/** Settings of the kernel. What was the host's own is remembered. */
import type { Step } from "./operations";
import { space } from "./places";

export function ensureSysctl({ state }: Step, where = "", key = "", value = ""): void {
  const { sysctls } = space(state, where);
  const current = sysctls.get(key) ?? "0";
  if (current === value) {
    sysctls.set(key, value);
    return;
  }
  if (where === "-" && !state.savedSysctls.has(key)) state.savedSysctls.set(key, current);
  sysctls.set(key, value);
}
