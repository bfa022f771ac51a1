/** The credentials of a connection, read and checked before the network is touched. */

import { access, readFile } from "node:fs/promises";
import type { AgentAuthMethod, AnyAuthMethod, ParsedKey, PublicKeyAuthMethod } from "ssh2";
import type { SshConnection } from "../model/connection";
import { SdnError } from "../model/error";
import type { SshPlace } from "./host-key";
import { fingerprint, publicKeyOfBlob } from "./public-key";
import { expandHome, fileProblem } from "./user-path";

export interface Credentials {
  /** What is offered to the server, in order: key text, key file, agent. */
  readonly methods: readonly AnyAuthMethod[];
  /** The same in words for messages, without anything secret. */
  readonly description: string;
}

export async function loadCredentials(connection: SshConnection, place: SshPlace): Promise<Credentials> {
  const offers = [
    await keyTextOffer(connection, place),
    await keyFileOffer(connection, place),
    await agentOffer(connection, place),
  ].filter((offer) => offer !== undefined);
  if (offers.length === 0) throw noCredentials(place);
  return {
    methods: offers.map((offer) => offer.method),
    description: offers.map((offer) => offer.description).join(", "),
  };
}

interface Offer {
  readonly method: AnyAuthMethod;
  readonly description: string;
}

async function keyTextOffer(connection: SshConnection, place: SshPlace): Promise<Offer | undefined> {
  if (connection.privateKey === undefined) return undefined;
  const property = `${place.property}.privateKey`;
  const key = await parsePrivateKey(connection.privateKey, connection, { ...place, property });
  return keyOffer(key, connection.user, property);
}

async function keyFileOffer(connection: SshConnection, place: SshPlace): Promise<Offer | undefined> {
  const path = connection.privateKeyPath;
  if (path === undefined) return undefined;
  const property = `${place.property}.privateKeyPath`;
  const text = await readFile(expandHome(path), "utf8").catch((thrown: unknown) => {
    throw new SdnError({
      code: "authentication",
      host: place.host,
      property,
      cause: `the private key file ${path} cannot be read: ${fileProblem(thrown)}`,
      remedy: "correct the path, or give the key's text in privateKey",
    });
  });
  return keyOffer(await parsePrivateKey(text, connection, { ...place, property }), connection.user, path);
}

async function agentOffer(connection: SshConnection, place: SshPlace): Promise<Offer | undefined> {
  if (!connection.agent) return undefined;
  const socket = process.env["SSH_AUTH_SOCK"];
  const onlyMeans = connection.privateKey === undefined && connection.privateKeyPath === undefined;
  if (socket === undefined || socket === "") {
    if (onlyMeans) throw noCredentials(place);
    throw agentMissing("the environment variable SSH_AUTH_SOCK is not set", place);
  }
  await access(socket).catch((thrown: unknown) => {
    throw agentMissing(`SSH_AUTH_SOCK names ${socket}, but ${fileProblem(thrown)}`, place);
  });
  const method: AgentAuthMethod = { type: "agent", username: connection.user, agent: socket };
  return { method, description: "the keys of the SSH agent" };
}

async function parsePrivateKey(text: string, connection: SshConnection, place: SshPlace): Promise<ParsedKey> {
  const { utils } = await import("ssh2");
  const parsed: unknown = utils.parseKey(text, connection.passphrase);
  // Old PEM containers can yield several; the first is the private one.
  const key: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key instanceof Error) throw keyProblem(key.message, connection.passphrase !== undefined, place);
  const usable = key as ParsedKey;
  if (!usable.isPrivateKey()) throw keyProblem("it is a public key", false, place);
  return usable;
}

function keyOffer(key: ParsedKey, user: string, source: string): Offer {
  const publicKey = publicKeyOfBlob(key.getPublicSSH());
  const print = publicKey === undefined ? key.type : `${publicKey.type} ${fingerprint(publicKey)}`;
  const method: PublicKeyAuthMethod = { type: "publickey", username: user, key };
  return { method, description: `the key of ${source} (${print})` };
}

/** The library's texts do not contain key material, but ours is as specific as can be without them. */
function keyProblem(problem: string, withPassphrase: boolean, place: SshPlace): SdnError {
  const base = { code: "authentication", host: place.host, property: place.property } as const;
  if (/no passphrase/i.test(problem)) {
    return new SdnError({
      ...base,
      cause: "the private key is encrypted and no passphrase is given",
      remedy: "set passphrase, or load the key into the SSH agent and set agent",
    });
  }
  if (withPassphrase && /passphrase|decrypt|integrity|malformed/i.test(problem)) {
    return new SdnError({
      ...base,
      cause: "the passphrase does not open the private key",
      remedy: "correct passphrase",
    });
  }
  const cause = /public key/.test(problem)
    ? "a public key stands where the private one is needed"
    : "not a private key in a known format";
  return new SdnError({ ...base, cause, remedy: "give an OpenSSH or PEM private key, as `ssh-keygen` writes it" });
}

function noCredentials(place: SshPlace): SdnError {
  return new SdnError({
    code: "authentication",
    host: place.host,
    property: place.property,
    cause: "there are no credentials: no private key is given and no SSH agent is running",
    remedy: "set privateKey or privateKeyPath, or start an SSH agent (SSH_AUTH_SOCK) and set agent",
  });
}

function agentMissing(cause: string, place: SshPlace): SdnError {
  return new SdnError({
    code: "authentication",
    host: place.host,
    property: `${place.property}.agent`,
    cause: `the SSH agent cannot be used: ${cause}`,
    remedy: "start an agent and load the key with `ssh-add`, or set privateKey or privateKeyPath instead",
  });
}
