/** Inputs of the resources that are entries in the documents of many hosts. */

import type { Connection } from "../../model/connection";
import { connectionUri } from "../../model/connection";
import { InputReader } from "../../inputs/input-reader";
import type { Value, ValueMap } from "../../rpc/value";
import { isValueMap } from "../../rpc/value";
import { containsUnknown, stripSecrets } from "../../rpc/values";
import { readConnectionValue } from "../connection-inputs";
import type { FirewallHost } from "./change";

export interface EntryInputs<Spec> {
  readonly hosts: readonly FirewallHost[];
  readonly spec: Spec;
}

/** `parsed` is left out while something is unknown or wrong. */
export function readEntryInputs<Spec>(
  inputs: ValueMap,
  check: (spec: Spec) => void,
): { readonly reader: InputReader; readonly parsed: EntryInputs<Spec> | undefined } {
  const reader = InputReader.of(inputs);
  const hosts = reader.require("hosts", reader.objects("hosts"), "the hosts that have it")?.map(readHost);
  const value = reader.require("spec", reader.value("spec"), "what it is");
  reader.finish();
  if (hosts === undefined || !isValueMap(value) || containsUnknown(inputs) || !reader.problems.empty) {
    return { reader, parsed: undefined };
  }
  // The property maps of the wire and of the state have their keys in other orders; what is compared has one.
  const spec = ordered(stripSecrets(value)) as unknown as Spec;
  const sound = reader.problems.collect(() => {
    check(spec);
    return true;
  });
  if (sound !== true) return { reader, parsed: undefined };
  return { reader, parsed: { hosts: hosts.filter((host) => host !== undefined), spec } };
}

function readHost(reader: InputReader): FirewallHost | undefined {
  const name = reader.require("name", reader.text("name"), "the host's name");
  const inner = reader.object("connection");
  const connection: Connection | undefined = reader.require(
    "connection",
    inner === undefined ? undefined : readConnectionValue(inner),
    "a Host's connection",
  );
  reader.finish();
  if (name === undefined || connection === undefined) return undefined;
  return { name, uri: connectionUri(connection), connection };
}

function ordered(value: Value): Value {
  if (Array.isArray(value)) return (value as readonly Value[]).map(ordered);
  if (!isValueMap(value)) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(
    entries.sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, one]) => [key, ordered(one)]),
  );
}
