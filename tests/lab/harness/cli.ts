/** The command line `pulumi-sdn`, as it is built. */
import { join } from "node:path";

import { execute } from "./lab";
import type { ExecResult, LabHost } from "./lab";

const program = join(__dirname, "..", "..", "..", "bin", "pulumi-sdn");

export const cli = (args: readonly string[]): Promise<ExecResult> => execute(program, args);

/** Lines of a known_hosts file. */
export function knownHosts(hosts: readonly LabHost[]): string {
  return hosts.map(({ address, port, hostKey }) => `[${address}]:${port} ${hostKey}\n${address} ${hostKey}\n`).join("");
}
