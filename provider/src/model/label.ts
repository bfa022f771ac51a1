/** Labels with the syntax of Kubernetes, so that the same ones can stand on everything. */

import { SdnError } from "./error";
import { shown } from "./shown";

const word = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const prefix = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/**
 * `app` or `app.kubernetes.io/name`.
 *
 * @throws SdnError `invalid-input`
 */
export function parseLabelKey(text: string, property: string): string {
  const [name = "", domain, ...others] = text.split("/").reverse();
  const isDomain = domain === undefined || (domain.length <= 253 && prefix.test(domain));
  if (word.test(name) && isDomain && others.length === 0) return text;
  throw new SdnError({
    code: "invalid-input",
    property,
    value: shown(text),
    cause: "the value is not a valid label key",
    remedy:
      "write 1 to 63 letters, digits, hyphens, underscores or dots with a letter or digit at both ends, such as app," +
      " if need be after a DNS name and a slash, such as example.com/app",
  });
}

/**
 * `web`; may be empty.
 *
 * @throws SdnError `invalid-input`
 */
export function parseLabelValue(text: string, property: string): string {
  if (text === "" || word.test(text)) return text;
  throw new SdnError({
    code: "invalid-input",
    property,
    value: shown(text),
    cause: "the value is not a valid label value",
    remedy:
      "write at most 63 letters, digits, hyphens, underscores or dots with a letter or digit at both ends, or nothing",
  });
}
