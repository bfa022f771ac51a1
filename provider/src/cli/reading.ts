import type { HostView } from "../compile/fleet-intents";
import type { ReadingOptions } from "../functions/fleet";
import { readFleet } from "../functions/fleet";
import { Hosts } from "../resources/hosts";
import { logged } from "../targets/execution-log";
import { TargetPool } from "../targets/target-pool";
import type { GivenHost } from "./arguments";

/** Reads the hosts once, and closes all connections again. */
export async function readHosts(given: readonly GivenHost[], options: ReadingOptions): Promise<readonly HostView[]> {
  return withHosts((hosts, signal) => readFleet(hosts, given, signal, options));
}

/** Connections for the time of some work; an interrupt of the person at the terminal ends it. */
export async function withHosts<T>(work: (hosts: Hosts, signal: AbortSignal) => Promise<T>): Promise<T> {
  const pool = new TargetPool();
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once("SIGINT", interrupt);
  const log = process.env["SDN_EXECUTION_LOG"] ?? "";
  const acquire: ConstructorParameters<typeof Hosts>[0] = (connection) => pool.acquire(connection);
  try {
    return await work(new Hosts(log === "" ? acquire : logged(acquire, log)), abort.signal);
  } finally {
    process.removeListener("SIGINT", interrupt);
    await pool.closeAll();
  }
}
