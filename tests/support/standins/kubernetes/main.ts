/**
 * A stand-in for the plugin of @pulumi/kubernetes, for tests alone: that one cannot be had everywhere. It speaks to a real
 * API server by server-side apply, and does of the real plugin's manners those that our objects rely on.
 */
import { runProvider } from "../../../../provider/src/rpc/run";
import { createStandin } from "./handlers";

void runProvider(createStandin, process.argv.slice(2));
