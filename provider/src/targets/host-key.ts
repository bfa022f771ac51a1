/**
 * Strict host keys: a server is spoken to only when its key was pinned before, by the connection's `hostKey` or in
 * a known_hosts file. Nothing is trusted on first use and nothing is ever written.
 */

import { readFile } from "node:fs/promises";
import type { SshConnection } from "../model/connection";
import { SdnError } from "../model/error";
import { entriesFor, knownHostName, parseKnownHosts } from "./known-hosts";
import { fingerprint, KEY_TYPES, publicKeyLine, publicKeyOfWords, sameKey, type PublicKey } from "./public-key";
import { expandHome, fileProblem } from "./user-path";

export interface HostKeyPolicy {
  /** Key types that the server is asked for, best first: those that a key is pinned for lead. */
  readonly types: readonly string[];
  readonly accepts: (key: PublicKey) => boolean;
  /** Whether a server's key of another type is worth asking for after a refusal: a fingerprint has no type. */
  readonly tryOtherTypes: boolean;
  /** The error for a server that presented these keys, none of them accepted. */
  readonly refusal: (presented: readonly PublicKey[]) => SdnError;
}

/** Where the policy is for: `host` as messages name it, `property` of the connection, as `connection.ssh`. */
export interface SshPlace {
  readonly host: string;
  readonly property: string;
}

export async function loadHostKeyPolicy(connection: SshConnection, place: SshPlace): Promise<HostKeyPolicy> {
  if (connection.hostKey !== undefined) return pinnedPolicy(connection.hostKey, place);
  return await knownHostsPolicy(connection, place);
}

/** A policy for one pinned key or fingerprint. */
export function pinnedPolicy(pin: string, place: SshPlace): HostKeyPolicy {
  const property = `${place.property}.hostKey`;
  const words = pin.trim().split(/\s+/);
  const isFingerprint = /^SHA256:/.test(pin.trim());
  const key = isFingerprint ? undefined : publicKeyOfWords(words[0] ?? "", words[1] ?? "");
  const pinned = isFingerprint ? (words[0] ?? "").replace(/=+$/, "") : key && fingerprint(key);
  if (pinned === undefined || !/^SHA256:[A-Za-z0-9+/]{43}$/.test(pinned)) throw malformedPin(pin, property);
  if (key !== undefined && !KEY_TYPES.includes(key.type)) {
    throw new SdnError({
      code: "invalid-input",
      property,
      cause: `host keys of type ${key.type} are not supported`,
      remedy: `pin a key of one of the types ${KEY_TYPES.join(", ")}`,
    });
  }
  return {
    types: key === undefined ? KEY_TYPES : preferred([key.type]),
    accepts: (presented) => fingerprint(presented) === pinned,
    tryOtherTypes: isFingerprint,
    refusal: (presented) => changedKey(presented, [pinned], `the property ${property}`, property, place),
  };
}

async function knownHostsPolicy(connection: SshConnection, place: SshPlace): Promise<HostKeyPolicy> {
  const path = connection.knownHosts ?? "~/.ssh/known_hosts";
  const file = await readKnownHosts(path);
  const entries = entriesFor(parseKnownHosts(file.text), connection.address, connection.port);
  const trusted = entries.filter((entry) => !entry.revoked);
  const isRevoked = (key: PublicKey) => entries.some((entry) => entry.revoked && sameKey(entry.key, key));
  const name = knownHostName(connection.address, connection.port);
  const property = connection.knownHosts === undefined ? `${place.property}.hostKey` : `${place.property}.knownHosts`;
  const missing = file.problem === undefined ? `${path} has no entry for ${name}` : `${path}: ${file.problem}`;
  return {
    types: preferred(trusted.map((entry) => entry.key.type)),
    accepts: (key) => !isRevoked(key) && trusted.some((entry) => sameKey(entry.key, key)),
    tryOtherTypes: false,
    refusal: (presented) => {
      const revoked = presented.find(isRevoked);
      if (revoked !== undefined) return revokedKey(revoked, path, property, place);
      if (trusted.length === 0) return unknownKey(presented, missing, property, place);
      const pins = trusted.map((entry) => `${fingerprint(entry.key)} (${entry.key.type}, line ${entry.line})`);
      return changedKey(presented, pins, path, property, place);
    },
  };
}

async function readKnownHosts(path: string): Promise<{ readonly text: string; readonly problem?: string }> {
  try {
    return { text: await readFile(expandHome(path), "utf8") };
  } catch (thrown) {
    return { text: "", problem: fileProblem(thrown) };
  }
}

/** All supported types, with those that a key is known for in front. */
function preferred(known: readonly string[]): readonly string[] {
  const first = KEY_TYPES.filter((type) => known.includes(type));
  return [...first, ...KEY_TYPES.filter((type) => !known.includes(type))];
}

function describe(keys: readonly PublicKey[]): string {
  return keys.map((key) => `${fingerprint(key)} (${key.type})`).join(", ");
}

function howToCompare(place: SshPlace, key: PublicKey | undefined, verb: string): string {
  if (key === undefined) return `see which keys the server has with \`ssh-keyscan\``;
  const file = `/etc/ssh/ssh_host_${shortType(key.type)}_key.pub`;
  return (
    `compare the fingerprint with what \`ssh-keygen -lf ${file}\` prints on the host's own console; ` +
    `if they are the same, ${verb} ${place.property}.hostKey to "${publicKeyLine(key)}"`
  );
}

function shortType(type: string): string {
  if (type.startsWith("ecdsa-")) return "ecdsa";
  return type.replace(/^ssh-/, "");
}

function unknownKey(keys: readonly PublicKey[], missing: string, property: string, place: SshPlace): SdnError {
  return new SdnError({
    code: "host-key",
    host: place.host,
    property,
    cause: `the server's key is not known (${missing}); the server presents ${describe(keys)}`,
    remedy: howToCompare(place, keys[0], "set"),
  });
}

function changedKey(
  keys: readonly PublicKey[],
  pins: readonly string[],
  source: string,
  property: string,
  place: SshPlace,
): SdnError {
  return new SdnError({
    code: "host-key",
    host: place.host,
    property,
    cause:
      `the server's key is not the pinned one: it presents ${describe(keys)}, but ${source} pins ${pins.join(", ")}; ` +
      "either the host was installed anew or somebody stands in between",
    remedy: howToCompare(place, keys[0], "change"),
  });
}

function revokedKey(key: PublicKey, path: string, property: string, place: SshPlace): SdnError {
  return new SdnError({
    code: "host-key",
    host: place.host,
    property,
    cause: `the server presents a key that ${path} marks as revoked: ${describe([key])}`,
    remedy: "give the host a new key; a revoked one may be in the hands of somebody else",
  });
}

function malformedPin(pin: string, property: string): SdnError {
  return new SdnError({
    code: "invalid-input",
    property,
    cause: "neither a public key nor a SHA-256 fingerprint",
    value: pin.slice(0, 100),
    remedy: 'write "ssh-ed25519 AAAA…" as in a .pub file, or "SHA256:…" as `ssh-keygen -l` prints it',
  });
}
