import { createHash } from "node:crypto";
import fc from "fast-check";
import { publicKeyLine, publicKeyOfBlob, type PublicKey } from "../../../provider/src/targets/public-key";

/** A well-formed public key that depends on the name; nobody has its private half. */
export function key(name: string, type = "ssh-ed25519"): PublicKey {
  const body = createHash("sha256").update(name).digest();
  const made = publicKeyOfBlob(Buffer.concat([field(Buffer.from(type)), field(body)]));
  if (made === undefined) throw new Error("not a key");
  return made;
}

export const line = publicKeyLine;

export const anyKey = fc
  .tuple(fc.string(), fc.constantFrom("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"))
  .map(([name, type]) => key(name, type));

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
