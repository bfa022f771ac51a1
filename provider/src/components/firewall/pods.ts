import { namespaceNameLabel } from "../../compile/kubernetes/world";
import type { InputReader } from "../../inputs/input-reader";
import { readSelector } from "../../inputs/labels";
import { SdnError } from "../../model/error";
import { shown } from "../../model/shown";
import type { Value, ValueMap } from "../../rpc/value";

/** `namespaces` and `pods`, as specs have them. */
export function readPodSelectors(reader: InputReader): ValueMap {
  const name = reader.orUnknown("namespace", reader.parsed("namespace", parseNamespace));
  const namespaces = selector(reader, "namespaceLabels");
  if (reader.given("namespace") && reader.given("namespaceLabels")) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: reader.at("namespaceLabels"),
        cause: "excludes namespace",
        remedy: "write one of them",
      }),
    );
  }
  return {
    namespaces: name === undefined ? namespaces : { matchLabels: { [namespaceNameLabel]: name } },
    pods: selector(reader, "podLabels"),
  };
}

function selector(reader: InputReader, name: string): Value {
  const inner = reader.object(name);
  return reader.orUnknown(name, inner === undefined ? undefined : readSelector(inner)) ?? {};
}

/** A label of DNS (RFC 1123). */
export function parseNamespace(text: string, property: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new SdnError({
    code: "invalid-input",
    property,
    value: shown(text),
    cause: "the value is not a name that Kubernetes takes",
    remedy: "write 1 to 63 small letters, digits or hyphens, with a letter or digit at both ends",
  });
}
