/** A provider as a process: arguments, standard output, signals, end. */
import type { Handlers } from "./handlers";
import { watchEngine } from "./engine-watch";
import { serve } from "./server";
import type { Server } from "./server";

/**
 * Serves until a signal comes or the engine goes away. `args` are the program's arguments: the engine's address, among
 * flags of its log that are passed over. Without an address (started by hand, `PULUMI_DEBUG_PROVIDERS`) the engine
 * attaches later. Standard output carries the port and nothing else.
 */
export async function runProvider(createHandlers: () => Handlers, args: readonly string[]): Promise<void> {
  // The engine reads the first line as the port, so whatever a library prints goes elsewhere.
  console.log = console.info = console.debug = console.error;
  const engineAddress = engineAddressOf(args);
  const server = await serve(createHandlers(), { engineAddress });
  const end = once(async () => {
    await server.close();
    process.exit(0);
  });
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  if (engineAddress !== undefined) watchEngine(engineAddress, end);
  reportDefects(server);
  process.stdout.write(`${server.port}\n`);
}

/** The first argument that is neither a flag nor the value of one. */
export function engineAddressOf(args: readonly string[]): string | undefined {
  return args.find((arg, at) => !arg.startsWith("-") && args[at - 1] !== "--tracing");
}

/** A promise that nobody waited for is a defect, but no reason to drop the calls of other resources. */
function reportDefects(server: Server): void {
  process.on("unhandledRejection", (reason) => {
    const text = reason instanceof Error ? reason.message : String(reason);
    void server.log("error", `Defect of the provider: ${text}`);
  });
}

function once(action: () => Promise<void>): () => void {
  let started = false;
  return () => {
    if (started) return;
    started = true;
    void action();
  };
}
