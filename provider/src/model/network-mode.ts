import { SdnError } from "./error";
import { parseDockerName } from "./name";

/** `host` or `container:NAME`: modes in which a container has no network of its own. */
export function parseSharedMode(text: string, property: string): string {
  if (text === "host") return text;
  if (text.startsWith("container:")) return `container:${parseDockerName(text.slice("container:".length), property)}`;
  throw new SdnError({ code: "invalid-input", property, value: text, cause: "must be host or container:NAME" });
}
