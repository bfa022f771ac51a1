/**
 * What was compiled for hosts in this run, by the texts that a host has of it. A host that has it still need not say its
 * document again, and nobody compiles it again.
 */
import { createHash } from "node:crypto";

import type { Compiled } from "../../compile/firewall/compile";
import { type NftCommand, replaceCommands } from "../../compile/nft/program";
import { encodeText } from "../../render/words";

export const nftText = (commands: readonly NftCommand[]): string => JSON.stringify({ nftables: commands });
const sumOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What a host keeps of it. Each is made when it is first asked for: of a large policy they are megabytes. */
export class CompiledTexts {
  private made: { document?: string; hash?: string; table?: string; word?: string; sum?: string } = {};

  constructor(private readonly compiled: Compiled) {}

  get document(): string {
    return (this.made.document ??= JSON.stringify(this.compiled.document));
  }

  get hash(): string {
    return (this.made.hash ??= sumOf(this.document));
  }

  /** The transaction that makes the table, as JSON. */
  get table(): string {
    return (this.made.table ??= nftText(replaceCommands(this.compiled.program)));
  }

  /** The same as a word, and the word's checksum. */
  get word(): string {
    return (this.made.word ??= encodeText(this.table));
  }

  get sum(): string {
    return (this.made.sum ??= sumOf(this.word));
  }
}

const texts = new WeakMap<Compiled, CompiledTexts>();

export function textsOf(compiled: Compiled): CompiledTexts {
  const known = texts.get(compiled) ?? new CompiledTexts(compiled);
  texts.set(compiled, known);
  return known;
}

/** More would be memory for what is seldom asked: a large policy takes hundreds of megabytes. */
const mostHosts = 4;

export class FirewallMemory {
  private readonly known = new Map<string, Compiled>();

  /** By the URI of the host. */
  recall(uri: string): Compiled | undefined {
    return this.known.get(uri);
  }

  remember(uri: string, compiled: Compiled): void {
    this.known.delete(uri);
    this.known.set(uri, compiled);
    for (const oldest of this.known.keys()) if (this.known.size > mostHosts) this.known.delete(oldest);
  }
}
