import { parseArgs } from "node:util";
import type { ParseArgsOptionsConfig } from "node:util";

import type { FleetMember } from "../functions/fleet";
import { SdnError } from "../model/error";
import { parseName } from "../model/name";
import { connectionFromUri } from "../resources/connection-inputs";

/** A mistake in how the command was called. */
export class UsageError extends Error {}

/** The options that say which hosts and how to reach them; every command has them. */
export const hostOptions = {
  host: { type: "string", multiple: true },
  "private-key": { type: "string" },
  "known-hosts": { type: "string" },
  help: { type: "boolean" },
} as const satisfies ParseArgsOptionsConfig;

interface HostValues {
  readonly host?: readonly string[] | undefined;
  readonly "private-key"?: string | undefined;
  readonly "known-hosts"?: string | undefined;
}

/** A host of the command line, with what an import writes of it. */
export interface GivenHost extends FleetMember {
  readonly privateKeyPath: string | undefined;
  readonly knownHosts: string | undefined;
}

/** `--host [NAME=]URI`, each with the key and the known hosts that were given for all. */
export function givenHosts(values: HostValues): readonly GivenHost[] {
  const texts = values.host ?? [];
  if (texts.length === 0) throw new UsageError("no host: give --host ssh://USER@ADDRESS once or more");
  return texts.map((text) => givenHost(text, values["private-key"], values["known-hosts"]));
}

function givenHost(text: string, privateKeyPath: string | undefined, knownHosts: string | undefined): GivenHost {
  const [, name, uri = text] = /^([A-Za-z][A-Za-z0-9._-]*)=(.*)$/.exec(text) ?? [];
  const connection = connectionFromUri(uri);
  if (connection === undefined) {
    throw new UsageError(`--host ${text}: write ssh://USER@ADDRESS:PORT, netns:NAME or local:`);
  }
  if (name !== undefined) parseName(name, "--host");
  if (connection.kind !== "ssh") return { name, connection, privateKeyPath: undefined, knownHosts: undefined };
  const reached = {
    ...connection,
    agent: privateKeyPath === undefined,
    ...(privateKeyPath === undefined ? {} : { privateKeyPath }),
    ...(knownHosts === undefined ? {} : { knownHosts }),
  };
  return { name, connection: reached, privateKeyPath, knownHosts };
}

/** `parseArgs` of Node, whose errors are about usage. */
export function parsed<Options extends ParseArgsOptionsConfig>(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

export function oneOf<T extends string>(option: string, value: string | undefined, choices: readonly [T, ...T[]]): T {
  if (value === undefined) return choices[0];
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new UsageError(`${option} ${value}: write ${choices.join(" or ")}`);
  return found;
}

/** Whether the error is the caller's own. */
export const isUsage = (thrown: unknown): thrown is Error =>
  thrown instanceof UsageError || (thrown instanceof SdnError && thrown.code === "invalid-input");
