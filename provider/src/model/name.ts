/**
 * Grammars of names. Names reach shells, nft and interface tables of the hosts, where the kernel would allow nearly
 * any character; so each grammar is an allow-list, checked once at the edge.
 */

import { readAddress } from "./address";
import { SdnError } from "./error";
import { shown } from "./shown";

/**
 * The name of a thing that the user declares: a letter, then up to 62 letters, digits, `.`, `_` or `-`.
 *
 * @throws SdnError `invalid-input`
 */
export function parseName(text: string, property: string): string {
  if (/^[A-Za-z][A-Za-z0-9._-]{0,62}$/.test(text)) return text;
  throw refuse(text, property, {
    cause: "the value is not a valid name",
    remedy: "write 1 to 63 letters, digits, dots, underscores or hyphens, beginning with a letter",
  });
}

/**
 * A DNS name of one or more RFC 1123 labels, at most 253 characters. Returned in lower case (DNS ignores case) and
 * without a final dot. A name whose last label is all digits is refused, since programs read it as an address.
 *
 * @throws SdnError `invalid-input`
 */
export function parseDnsName(text: string, property: string): string {
  if (readAddress(text) !== undefined) {
    throw refuse(text, property, {
      cause: "the value is an IP address, not a DNS name",
      remedy: "write a name such as db.internal",
    });
  }
  const name = text.replace(/\.$/, "").toLowerCase();
  const labels = name.split(".");
  const valid = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  if (valid && name.length <= 253 && !/^\d+$/.test(labels.at(-1) ?? "")) return name;
  throw refuse(text, property, {
    cause: "the value is not a valid DNS name",
    remedy:
      "write labels of 1 to 63 letters, digits or inner hyphens separated by dots, at most 253 characters in all," +
      " the last label not all digits",
  });
}

/**
 * The name of a Docker network, container or volume, as the engine checks it, and at most 128 characters.
 *
 * @throws SdnError `invalid-input`
 */
export function parseDockerName(text: string, property: string): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(text)) return text;
  throw refuse(text, property, {
    cause: "the value is not a valid Docker name",
    remedy: "write 1 to 128 letters, digits, underscores, dots or hyphens, beginning with a letter or digit",
  });
}

/**
 * The name of a Linux network interface: 1 to 15 letters, digits, `.`, `_` or `-`, other than `.` and `..`, not
 * beginning with `-` (a program would read an option). The kernel's own limit is 15 octets (IFNAMSIZ).
 *
 * @throws SdnError `invalid-input`
 */
export function parseInterfaceName(text: string, property: string): string {
  if (/^(?!-)(?!\.{1,2}$)[A-Za-z0-9_.-]{1,15}$/.test(text)) return text;
  throw refuse(text, property, {
    cause: "the value is not a valid interface name",
    remedy: "write 1 to 15 letters, digits, underscores, dots or hyphens, not beginning with a hyphen, such as eth0",
  });
}

function refuse(text: string, property: string, why: { readonly cause: string; readonly remedy: string }): SdnError {
  return new SdnError({ code: "invalid-input", ...why, property, value: shown(text) });
}
