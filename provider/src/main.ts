/** The executable `pulumi-resource-sdn`. */
import { createHandlers } from "./provider";
import { runProvider } from "./rpc/run";

runProvider(createHandlers, process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
