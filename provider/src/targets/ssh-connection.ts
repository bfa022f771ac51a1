/** One authenticated SSH connection, made through its jump hosts; the only place that makes one. */

import type { Client, ClientChannel, ConnectConfig } from "ssh2";
import type { SshConnection } from "../model/connection";
import { asSdnError, SdnError } from "../model/error";
import { errorText } from "./error-word";
import { loadHostKeyPolicy, type HostKeyPolicy, type SshPlace } from "./host-key";
import { algorithmsOf, publicKeyOfBlob, type PublicKey } from "./public-key";
import { loadCredentials, type Credentials } from "./ssh-authentication";
import { connectError, endpointName, type Endpoint } from "./ssh-errors";

/** A dead connection is noticed after at most this times `KEEPALIVE_MISSES`. */
const KEEPALIVE_INTERVAL_MS = 10_000;
const KEEPALIVE_MISSES = 3;

export class SshLink {
  readonly client: Client;
  readonly #jump: SshLink | undefined;
  #problem: Error | undefined;
  #gone = false;
  #whenGone: () => void = () => undefined;

  constructor(client: Client, jump: SshLink | undefined) {
    this.client = client;
    this.#jump = jump;
    client.on("error", (error) => {
      this.#problem ??= error;
      this.#leave();
    });
    client.once("end", () => this.#leave());
    client.once("close", () => {
      this.#leave();
      this.#jump?.end();
    });
  }

  /** Whether the connection is known to be lost or ended. */
  get gone(): boolean {
    return this.#gone;
  }

  /** What ended the connection, where that was not in good order. */
  get problem(): Error | undefined {
    return this.#problem;
  }

  /** Calls back once when the connection can be used no more; at once where that is so already. */
  onGone(callback: () => void): void {
    this.#whenGone = callback;
    if (this.#gone) callback();
  }

  /** Ends the connection and those that it goes through. */
  end(): void {
    this.client.end();
    this.client.destroy();
    this.#jump?.end();
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#whenGone();
  }
}

/**
 * Connects. `property` is where the connection stands in the inputs (`connection.ssh`), for messages. Rejects with
 * `invalid-input`, `authentication`, `host-key` or `unreachable`. Aborting the signal gives up.
 */
export async function connectSsh(
  connection: SshConnection,
  signal: AbortSignal,
  property = "connection.ssh",
): Promise<SshLink> {
  const place: SshPlace = { host: endpointName(connection.address, connection.port), property };
  const credentials = await loadCredentials(connection, place);
  const policy = await loadHostKeyPolicy(connection, place);
  const jump = connection.jump && (await connectSsh(connection.jump, signal, `${property}.jump`));
  try {
    const client = await connectStrictly({ connection, place, credentials, policy, jump, signal });
    return new SshLink(client, jump);
  } catch (thrown) {
    jump?.end();
    throw thrown;
  }
}

interface Attempt {
  readonly connection: SshConnection;
  readonly place: SshPlace;
  readonly credentials: Credentials;
  readonly policy: HostKeyPolicy;
  readonly jump: SshLink | undefined;
  readonly signal: AbortSignal;
}

/**
 * Shakes hands until the server shows a key that the policy accepts. More than once only where the pin is a
 * fingerprint, which does not tell its key type: then the server's other keys are asked for. No credentials are
 * sent to a server whose key was refused.
 */
async function connectStrictly(attempt: Attempt): Promise<Client> {
  const { policy } = attempt;
  const presented: PublicKey[] = [];
  let types = policy.types;
  for (;;) {
    const before = presented.length;
    try {
      return await shakeHands(attempt, types, presented);
    } catch (thrown) {
      const refused = presented[before];
      if (refused === undefined) {
        // The server has no key of the types that are left.
        if (presented.length > 0 && /no matching host key/.test(String(thrown))) throw policy.refusal(presented);
        throw thrown;
      }
      types = types.filter((type) => type !== refused.type);
      if (!policy.tryOtherTypes || types.length === 0) throw policy.refusal(presented);
    }
  }
}

/** One handshake and authentication. A key that is refused is added to `refused`. */
async function shakeHands(attempt: Attempt, types: readonly string[], refused: PublicKey[]): Promise<Client> {
  const { connection, credentials, place, policy, jump, signal } = attempt;
  signal.throwIfAborted();
  const endpoint: Endpoint = {
    host: place.host,
    user: connection.user,
    connectTimeout: connection.connectTimeout,
    credentials: credentials.description,
    ...(connection.jump && { via: endpointName(connection.jump.address, connection.jump.port) }),
  };
  const sock = jump && (await forward(jump, endpoint, connection));
  const verify = (blob: Buffer): boolean => {
    const key = publicKeyOfBlob(blob);
    if (key !== undefined && policy.accepts(key)) return true;
    if (key !== undefined) refused.push(key);
    return false;
  };
  const config: ConnectConfig = {
    host: connection.address,
    port: connection.port,
    username: connection.user,
    authHandler: [...credentials.methods],
    algorithms: { serverHostKey: algorithmsOf(types) },
    hostVerifier: verify,
    readyTimeout: connection.connectTimeout * 1000,
    keepaliveInterval: KEEPALIVE_INTERVAL_MS,
    keepaliveCountMax: KEEPALIVE_MISSES,
    ...(sock && { sock }),
  };
  return await untilReady(config, endpoint, signal);
}

async function untilReady(config: ConnectConfig, endpoint: Endpoint, signal: AbortSignal): Promise<Client> {
  const ssh2 = await import("ssh2");
  const client = new ssh2.Client();
  let agentProblem = "";
  try {
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => reject(asSdnError(signal.reason));
      signal.addEventListener("abort", onAbort, { once: true });
      client.once("ready", () => resolve());
      client.once("ready", () => signal.removeEventListener("abort", onAbort));
      client.on("error", (error) => {
        // With a broken agent the library goes on with what else there is, so this is not the end.
        if (error.level === "agent") agentProblem = `; the SSH agent said: ${error.message}`;
        else reject(error);
      });
      client.once("close", () => reject(new Error("the server closed the connection")));
      client.connect(config);
    });
    return client;
  } catch (thrown) {
    client.end();
    client.destroy();
    throw connectError(thrown, { ...endpoint, credentials: endpoint.credentials + agentProblem });
  }
}

/** A stream to the host through its jump host. */
async function forward(jump: SshLink, endpoint: Endpoint, to: SshConnection): Promise<ClientChannel> {
  return await new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      const { host, via } = endpoint;
      reject(
        new SdnError(
          {
            code: "unreachable",
            host,
            cause: `the jump host ${via ?? ""} could not connect to it (${error.message})`,
            remedy: "see that the host is up and that the jump host may forward to its address and port",
          },
          { cause: error },
        ),
      );
    };
    try {
      jump.client.forwardOut("127.0.0.1", 0, to.address, to.port, (error, channel) => {
        if (error) fail(error);
        else resolve(channel);
      });
    } catch (thrown) {
      fail(new Error(errorText(thrown), { cause: thrown }));
    }
  });
}
