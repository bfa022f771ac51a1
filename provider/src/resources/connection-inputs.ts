import type { Connection, SshConnection } from "../model/connection";
import { SdnError } from "../model/error";
import { readAddress } from "../model/address";
import { parseDnsName, parseName } from "../model/name";
import type { ValueMap } from "../rpc/value";
import { isValueMap, Secret } from "../rpc/value";
import type { InputReader } from "../inputs/input-reader";

/** What a Host's inputs say of how to reach it: exactly one of `ssh`, `local`, `namespace`. */
export function readConnection(reader: InputReader): Connection | undefined {
  const ssh = reader.object("ssh");
  const local = reader.boolean("local");
  const namespace = reader.parsed("namespace", parseNamespaceName);
  const given = ["ssh", "local", "namespace"].filter(
    (name) => reader.value(name) !== undefined && reader.value(name) !== false,
  );
  if (reader.unknowns.size > 0 && given.length === 0) return undefined;
  if (given.length !== 1) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: "ssh",
        cause: given.length === 0 ? "nothing says how to reach the host" : `${given.join(" and ")} exclude each other`,
        remedy: "give exactly one of ssh, local (true) and namespace",
      }),
    );
    return undefined;
  }
  if (local === true) return { kind: "local" };
  if (namespace !== undefined) return { kind: "namespace", name: namespace };
  return ssh === undefined ? undefined : readSsh(ssh);
}

// A host's namespace appears in the names of its routers' namespaces.
function parseNamespaceName(text: string, property: string): string {
  const name = parseName(text, property);
  if (name.includes("--")) {
    throw new SdnError({ code: "invalid-input", property, value: text, cause: 'must not contain "--"' });
  }
  return name;
}

function readSsh(reader: InputReader): SshConnection | undefined {
  const address = reader.require("address", reader.parsed("address", parseHostAddress), "an IP address or DNS name");
  const privateKey = reader.text("privateKey");
  const privateKeyPath = reader.text("privateKeyPath");
  const agent = reader.boolean("agent");
  const passphrase = reader.text("passphrase");
  const hostKey = reader.parsed("hostKey", parseHostKeyText);
  const knownHosts = reader.text("knownHosts");
  const jumpReader = reader.object("jump");
  const jump = jumpReader === undefined ? undefined : readSsh(jumpReader);
  const port = reader.integer("port", 1, 65535) ?? 22;
  const user = reader.parsed("user", parseUser) ?? "root";
  const connectTimeout = reader.integer("connectTimeout", 1, 600) ?? 10;
  reader.finish();
  if (hostKey !== undefined && knownHosts !== undefined) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: reader.at("knownHosts"),
        cause: "hostKey and knownHosts exclude each other",
        remedy: "keep the one that pins this host's key",
      }),
    );
  }
  if (address === undefined) return undefined;
  return {
    kind: "ssh",
    address,
    port,
    user,
    agent: agent ?? (privateKey === undefined && privateKeyPath === undefined),
    connectTimeout,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(privateKeyPath === undefined ? {} : { privateKeyPath }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(knownHosts === undefined ? {} : { knownHosts }),
    ...(jump === undefined ? {} : { jump }),
  };
}

function parseHostAddress(text: string, property: string): string {
  return readAddress(text) !== undefined ? text : parseDnsName(text, property);
}

function parseUser(text: string, property: string): string {
  if (/^[a-z_][a-z0-9_.-]{0,31}$/i.test(text)) return text;
  throw new SdnError({ code: "invalid-input", property, value: text, cause: "is not a user name" });
}

function parseHostKeyText(text: string, property: string): string {
  if (/^(ssh-[a-z0-9-]+|ecdsa-sha2-[a-z0-9-]+|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+={0,2}( .*)?$/.test(text.trim()))
    return text.trim();
  if (/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(text.trim())) return text.trim();
  throw new SdnError({
    code: "invalid-input",
    property,
    value: text.slice(0, 40),
    cause: "is not a host key",
    remedy: 'write the line from ssh-keyscan ("ssh-ed25519 AAAA…") or a fingerprint ("SHA256:…")',
  });
}

/** A Host's inputs with key material marked as secret, however it was given. */
export function withSecretKeys(inputs: ValueMap): ValueMap {
  const { ssh } = inputs;
  return isValueMap(ssh) ? { ...inputs, ssh: secretKeys(ssh) } : inputs;
}

function secretKeys(ssh: ValueMap): ValueMap {
  const { privateKey, passphrase, jump } = ssh;
  return {
    ...ssh,
    ...(typeof privateKey === "string" ? { privateKey: new Secret(privateKey) } : {}),
    ...(typeof passphrase === "string" ? { passphrase: new Secret(passphrase) } : {}),
    ...(isValueMap(jump) ? { jump: secretKeys(jump) } : {}),
  };
}

/** The connection as a property value, for outputs and for the inputs of children: key material stays secret. */
export function connectionValue(connection: Connection): ValueMap {
  switch (connection.kind) {
    case "local":
      return { kind: "local" };
    case "namespace":
      return { kind: "namespace", name: connection.name };
    case "ssh": {
      const { privateKey, passphrase, jump, ...plain } = connection;
      return {
        ...plain,
        ...(privateKey === undefined ? {} : { privateKey: new Secret(privateKey) }),
        ...(passphrase === undefined ? {} : { passphrase: new Secret(passphrase) }),
        ...(jump === undefined ? {} : { jump: jumpValue(jump) }),
      };
    }
  }
}

/** A hop is always SSH, so it does not say so. */
function jumpValue(jump: SshConnection): ValueMap {
  const { kind: _kind, ...value } = connectionValue(jump);
  return value;
}

/** The inverse of `connectionValue`, for the inputs of children. */
export function readConnectionValue(reader: InputReader): Connection | undefined {
  const kind = reader.choice("kind", ["ssh", "local", "namespace"]);
  switch (kind) {
    case undefined:
      return undefined;
    case "local":
      return { kind };
    case "namespace": {
      const name = reader.require("name", reader.parsed("name", parseNamespaceName), "the namespace's name");
      return name === undefined ? undefined : { kind, name };
    }
    case "ssh":
      return readSsh(reader);
  }
}

/** The connection that an id names, with the credentials that `ssh` itself would use; for imports. */
export function connectionFromUri(uri: string): Connection | undefined {
  if (uri === "local:") return { kind: "local" };
  const namespace = /^netns:([A-Za-z][A-Za-z0-9._-]*)$/.exec(uri)?.[1];
  if (namespace !== undefined) return { kind: "namespace", name: namespace };
  const ssh = /^ssh:\/\/(?:([A-Za-z0-9_.-]+)@)?(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+))(?::(\d+))?$/.exec(uri);
  const address = ssh?.[2] ?? ssh?.[3];
  if (ssh === null || address === undefined) return undefined;
  return { kind: "ssh", address, port: Number(ssh[4] ?? 22), user: ssh[1] ?? "root", agent: true, connectTimeout: 10 };
}
