/**
 * The provider as it is shipped, but for its targets: programs for hosts go to models of hosts in the process of the
 * bench, by the socket that SDN_FLEET names. Built by the bench for itself.
 */
import type { Connection } from "../../../provider/src/model/connection";
import { connectionUri } from "../../../provider/src/model/connection";
import { createHandlers } from "../../../provider/src/provider";
import { runProvider } from "../../../provider/src/rpc/run";
import type { Target } from "../../../provider/src/targets/target";
import { connectFleet } from "./fleet-link";

const socket = process.env["SDN_FLEET"] ?? "";

runProvider(() => {
  const fleet = connectFleet(socket);
  const targets = new Map<string, Target>();
  return createHandlers({
    acquire: (connection: Connection) => {
      const uri = connectionUri(connection);
      const target = targets.get(uri) ?? modelTarget(uri, fleet.run);
      targets.set(uri, target);
      return target;
    },
    dial: (connection: Connection) => modelTarget(connectionUri(connection), fleet.run),
    closeAll: async () => fleet.close(),
  });
}, process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

function modelTarget(uri: string, run: (uri: string, stdin: string) => Promise<string>): Target {
  let executions = 0;
  return {
    uri,
    get executions() {
      return executions;
    },
    run: async (_program, stdin) => {
      executions += 1;
      return { exitCode: 0, stdout: await run(uri, stdin), stderr: "" };
    },
    close: async () => undefined,
  };
}
