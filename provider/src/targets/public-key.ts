/** SSH public keys as values: RFC 4253 section 6.6 (blob), OpenSSH's one-line text and SHA-256 fingerprint. */

import { createHash } from "node:crypto";
import type { ServerHostKeyAlgorithm } from "ssh2";

export interface PublicKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa` … */
  readonly type: string;
  /** The key as it goes over the wire; begins with the type. */
  readonly blob: Buffer;
}

/**
 * Key types in the order in which a server is asked for them, each with its signature algorithms. SHA-1 signatures
 * (`ssh-rsa` as an algorithm) and DSA are left out, as OpenSSH does since 8.8.
 */
const ALGORITHMS_OF_TYPE: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map<
  string,
  readonly ServerHostKeyAlgorithm[]
>([
  ["ssh-ed25519", ["ssh-ed25519"]],
  ["ecdsa-sha2-nistp256", ["ecdsa-sha2-nistp256"]],
  ["ecdsa-sha2-nistp384", ["ecdsa-sha2-nistp384"]],
  ["ecdsa-sha2-nistp521", ["ecdsa-sha2-nistp521"]],
  ["ssh-rsa", ["rsa-sha2-512", "rsa-sha2-256"]],
]);

export const KEY_TYPES: readonly string[] = [...ALGORITHMS_OF_TYPE.keys()];

/** The signature algorithms for the key types, in their order. */
export function algorithmsOf(types: readonly string[]): ServerHostKeyAlgorithm[] {
  return types.flatMap((type) => ALGORITHMS_OF_TYPE.get(type) ?? []);
}

/** A key from its wire form; undefined where that does not begin with a type. */
export function publicKeyOfBlob(blob: Buffer): PublicKey | undefined {
  if (blob.length < 4) return undefined;
  const length = blob.readUInt32BE(0);
  if (length === 0 || length > 64 || blob.length <= 4 + length) return undefined;
  return { type: blob.toString("latin1", 4, 4 + length), blob };
}

/** A key from its two words of text, `ssh-ed25519` and `AAAA…`; undefined where they do not agree. */
export function publicKeyOfWords(type: string, base64: string): PublicKey | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const key = publicKeyOfBlob(Buffer.from(base64, "base64"));
  return key?.type === type ? key : undefined;
}

/** `SHA256:` and 43 characters of base64, as `ssh-keygen -l` prints it. */
export function fingerprint(key: PublicKey): string {
  return `SHA256:${createHash("sha256").update(key.blob).digest("base64").replace(/=+$/, "")}`;
}

/** `ssh-ed25519 AAAA…`, as in a .pub file, without a comment. */
export function publicKeyLine(key: PublicKey): string {
  return `${key.type} ${key.blob.toString("base64")}`;
}

export function sameKey(one: PublicKey, other: PublicKey): boolean {
  return one.blob.equals(other.blob);
}
