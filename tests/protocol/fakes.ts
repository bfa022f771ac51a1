/** What protocol tests need, in one import. */
export { startEngine } from "./fake-engine";
export type { FakeEngine } from "./fake-engine";
export { project, stack, startMonitor, urnOf } from "./fake-monitor";
export type { FakeMonitor, FakeMonitorOptions, Outcome } from "./fake-monitor";
export { startPlugin } from "./plugin";
export type {
  CallOptions,
  Checked,
  Constructed,
  DiffArguments,
  Found,
  Outputs,
  Plugin,
  UpdateArguments,
} from "./plugin";
export { connectProvider, failureOf } from "./provider-client";
export type { Failure, ProviderClient } from "./provider-client";
