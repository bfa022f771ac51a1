/**
 * The one error class of the provider. Every message that a person reads is composed here, so that each names
 * what it is about (host, resource, property, value), why it failed and what to do.
 */

/** What went wrong, as a stable word that callers and tests switch on. */
export type SdnErrorCode =
  /** An input is malformed or contradicts another; found before anything was changed. */
  | "invalid-input"
  /** The host did not answer, or the connection broke. Says nothing about what exists on the host. */
  | "unreachable"
  /** The host answered with another key than the pinned one. */
  | "host-key"
  /** The host refused the credentials. */
  | "authentication"
  /** The host lacks a program, kernel feature or privilege. */
  | "missing-capability"
  /** The wanted name, address or number is taken by something else. */
  | "conflict"
  /** A pool has no room left. */
  | "exhausted"
  /** The host's generation is not the one this state was written for. */
  | "stale"
  /** A command on the host failed. */
  | "remote-failure"
  /** The thing asked for does not exist. */
  | "not-found"
  | "cancelled"
  | "timeout"
  /** A defect of this program. */
  | "internal";

export interface SdnErrorDetail {
  readonly code: SdnErrorCode;
  /** One sentence without a final full stop: what is wrong and why. */
  readonly cause: string;
  /** One sentence without a final full stop: what to do about it. */
  readonly remedy?: string;
  readonly host?: string;
  readonly resource?: string;
  /** Property path in Pulumi's notation, for example `connection.ssh.port`. */
  readonly property?: string;
  /** The offending value; never a secret. */
  readonly value?: unknown;
  /** Whether the host may have done what was asked all the same. */
  readonly uncertain?: boolean;
}

export class SdnError extends Error {
  readonly code: SdnErrorCode;
  readonly detail: SdnErrorDetail;

  constructor(detail: SdnErrorDetail, options?: ErrorOptions) {
    super(composeMessage(detail), options);
    this.name = "SdnError";
    this.code = detail.code;
    this.detail = detail;
  }

  /** The same error, said of a more precise place. Fields that are set already stay. */
  at(place: Pick<SdnErrorDetail, "host" | "resource" | "property">): SdnError {
    return new SdnError({ ...place, ...this.detail }, { cause: this.cause });
  }
}

function composeMessage(detail: SdnErrorDetail): string {
  const places: string[] = [];
  if (detail.host !== undefined) places.push(`host ${detail.host}`);
  if (detail.resource !== undefined) places.push(detail.resource);
  if (detail.property !== undefined) places.push(detail.property);
  const place = places.length > 0 ? `${places.join(", ")}: ` : "";
  const value = detail.value !== undefined ? ` (got ${JSON.stringify(detail.value)})` : "";
  const remedy = detail.remedy !== undefined ? `. ${capitalise(detail.remedy)}` : "";
  return `${place}${detail.cause}${value}${remedy}.`;
}

function capitalise(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** Any thrown value as an `SdnError`; what is not one already is a defect and says so. */
export function asSdnError(thrown: unknown): SdnError {
  if (thrown instanceof SdnError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new SdnError({ code: "internal", cause: text }, { cause: thrown });
}
