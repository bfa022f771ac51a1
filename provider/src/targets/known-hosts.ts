/** OpenSSH's known_hosts format (sshd(8), section SSH_KNOWN_HOSTS FILE FORMAT) as pure functions over its text. */

import { createHmac, timingSafeEqual } from "node:crypto";
import { publicKeyOfWords, type PublicKey } from "./public-key";

export interface KnownHost {
  /** The first field: comma-separated patterns, or one hashed name. */
  readonly patterns: string;
  readonly revoked: boolean;
  readonly key: PublicKey;
  /** Line number in the file, from 1. */
  readonly line: number;
}

/**
 * The entries of a file. Comments, malformed lines, unknown markers and certificate authorities (host certificates
 * are not supported) are passed over, as ssh does.
 */
export function parseKnownHosts(text: string): readonly KnownHost[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const words = line.trim().split(/[ \t]+/);
    const marker = words[0]?.startsWith("@") === true ? words.shift() : undefined;
    const [patterns, type, base64] = words;
    if (patterns === undefined || patterns.startsWith("#") || type === undefined || base64 === undefined) return [];
    if (marker !== undefined && marker !== "@revoked") return [];
    const key = publicKeyOfWords(type, base64);
    return key === undefined ? [] : [{ patterns, revoked: marker === "@revoked", key, line: index + 1 }];
  });
}

/** The entries for a host. A port other than 22 has entries of its own, written `[host]:port`. */
export function entriesFor(entries: readonly KnownHost[], address: string, port: number): readonly KnownHost[] {
  const name = knownHostName(address, port);
  return entries.filter((entry) => matchesPatterns(entry.patterns, name));
}

/** The name under which a host stands in the file. */
export function knownHostName(address: string, port: number): string {
  const name = address.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

function matchesPatterns(patterns: string, name: string): boolean {
  if (patterns.startsWith("|")) return matchesHash(patterns, name);
  let matched = false;
  for (const pattern of patterns.split(",")) {
    const negated = pattern.startsWith("!");
    if (!matchesWildcard((negated ? pattern.slice(1) : pattern).toLowerCase(), name)) continue;
    // A negated match excludes the line, whatever else stands on it.
    if (negated) return false;
    matched = true;
  }
  return matched;
}

/** `|1|salt|hash`: HMAC-SHA1 of the name with the salt as its key, both in base64. */
function matchesHash(hashed: string, name: string): boolean {
  const [, version, salt, hash] = hashed.split("|");
  if (version !== "1" || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, "base64");
  const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** `*` for any characters and `?` for one. Linear in effect: it goes back to the last star only. */
function matchesWildcard(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === name[n])) {
      p += 1;
      n += 1;
    } else if (star !== -1) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}
