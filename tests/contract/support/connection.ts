import type { SshConnection } from "../../../provider/src/model/connection";
import type { RunResult, Target } from "../../../provider/src/targets/target";
import type { SshServer } from "./sshd";

/** How to reach a test's server as root with the right key; `changes` replace or, where undefined, remove. */
export function connectionTo(
  server: SshServer,
  changes: { readonly [K in keyof SshConnection]?: SshConnection[K] | undefined } = {},
): SshConnection {
  const connection = {
    kind: "ssh",
    address: "127.0.0.1",
    port: server.port,
    user: "root",
    privateKey: server.privateKey,
    agent: false,
    hostKey: server.hostKey(),
    connectTimeout: 10,
    ...changes,
  };
  const present = Object.entries(connection).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as unknown as SshConnection;
}

/** One execution within 20 s. */
export function runOn(target: Target, program: string, stdin = "", signal?: AbortSignal): Promise<RunResult> {
  return target.run(program, stdin, { signal: signal ?? new AbortController().signal, timeoutMs: 20_000 });
}
