/** Notices that the engine is gone, so that a provider does not outlive it. */
import { Client, credentials, status } from "@grpc/grpc-js";

/** Milliseconds between two questions, and for the answer to one. */
const interval = 5000;
/** One unanswered question may be a busy machine; this many in a row are an engine that is gone. */
const tolerated = 2;

const empty = Buffer.alloc(0);
const same = (bytes: Buffer): Buffer => bytes;

export interface EngineWatch {
  stop(): void;
}

/**
 * Asks the engine for its health (`grpc.health.v1.Health/Check`) and calls `gone` once when it stops answering.
 * An engine that does not know the question is alive. The process may end while this waits.
 */
export function watchEngine(address: string, gone: () => void, every: number = interval): EngineWatch {
  const client = new Client(address, credentials.createInsecure());
  let misses = 0;
  const timer = setInterval(() => {
    const deadline = Date.now() + every;
    client.makeUnaryRequest("/grpc.health.v1.Health/Check", same, same, empty, { deadline }, (error) => {
      const alive = error === null || error.code === status.UNIMPLEMENTED;
      misses = alive ? 0 : misses + 1;
      if (misses !== tolerated) return;
      stop();
      gone();
    });
  }, every);
  timer.unref();
  const stop = (): void => {
    clearInterval(timer);
    client.close();
  };
  return { stop };
}
