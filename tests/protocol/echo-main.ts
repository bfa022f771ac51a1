/** The echo provider as a process, to test standard output, signals and arguments with. */
import { runProvider } from "../../provider/src/rpc/run";
import { createEchoHandlers } from "./echo-handlers";

void runProvider(createEchoHandlers, process.argv.slice(2));
