/** What went wrong with a connection, in the words of a person who must repair it. */

import { SdnError } from "../model/error";
import { errorText, errorWord } from "./error-word";

export interface Endpoint {
  /** Address and port as messages show them: `192.0.2.11:22`, `[2001:db8::1]:22`. */
  readonly host: string;
  readonly user: string;
  /** Seconds allowed for connecting. */
  readonly connectTimeout: number;
  /** The jump host in use, as `host:port`. */
  readonly via?: string;
  /** What was offered to authenticate with. */
  readonly credentials: string;
}

export function endpointName(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

const IS_IT_UP = "see that the host is up, that address and port are right, and that no firewall stands between";

/** An attempt to connect that failed. */
export function connectError(thrown: unknown, endpoint: Endpoint): SdnError {
  if (thrown instanceof SdnError) return thrown;
  const { host, user, via } = endpoint;
  const through = via === undefined ? "" : ` through the jump host ${via}`;
  const level = errorWord(thrown, "level");
  if (level === "client-authentication") {
    return new SdnError(
      {
        code: "authentication",
        host,
        cause: `the server refused user ${user}; offered were ${endpoint.credentials}`,
        remedy: `put the public key into ${user}'s ~/.ssh/authorized_keys on the host, or correct user or key`,
      },
      { cause: thrown },
    );
  }
  const cause = `no connection${through}: ${problem(thrown, level, endpoint)}`;
  return new SdnError({ code: "unreachable", host, cause, remedy: IS_IT_UP }, { cause: thrown });
}

function problem(thrown: unknown, level: string, endpoint: Endpoint): string {
  if (level === "client-timeout") return `no answer within ${endpoint.connectTimeout} s`;
  const text = errorText(thrown);
  switch (errorWord(thrown, "code")) {
    case "ECONNREFUSED":
      return "connection refused, nothing listens on that port";
    case "EHOSTUNREACH":
      return "no route to the host";
    case "ENETUNREACH":
      return "the network is unreachable";
    case "ETIMEDOUT":
      return "no answer";
    case "ECONNRESET":
      return "the connection was reset";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the name cannot be resolved";
    default:
      return /lost before handshake/.test(text) ? "the server closed the connection before it said anything" : text;
  }
}

/** A connection that broke while a program ran. */
export function lostError(host: string, thrown?: unknown): SdnError {
  const why = thrown === undefined ? "" : ` (${errorText(thrown)})`;
  return new SdnError(
    {
      code: "unreachable",
      host,
      cause: `the connection was lost while a program ran${why}; whether it ran to its end is not known`,
      remedy: "see that the host is up, then refresh to learn what exists on it",
      uncertain: true,
    },
    { cause: thrown },
  );
}

/** A connection that broke before a program was asked for. */
export function brokenError(host: string, thrown: unknown): SdnError {
  const why = errorText(thrown);
  return new SdnError(
    {
      code: "unreachable",
      host,
      cause: `the connection broke before the program was started (${why})`,
      remedy: IS_IT_UP,
    },
    { cause: thrown },
  );
}
