/**
 * Run as a program, in a process of its own for each size: from a host's document as text to nft's transaction as text.
 * Prints its figures.
 */
import { compileDocument } from "../../../provider/src/compile/firewall/compile";
import type { FirewallDocument } from "../../../provider/src/compile/firewall/document";
import { changeCommands, type NftCommand, replaceCommands } from "../../../provider/src/compile/nft/program";
import { median } from "../numbers";
import { anyHost, documentWith, plainRules, policySpec } from "./policy";
import { timed } from "./timed";

/** Milliseconds, bytes, MiB. */
export interface Compiling {
  /** The first time in a process, which is what a run of Pulumi has. */
  readonly first: number;
  readonly again: number;
  /** Old and new compiled and compared. */
  readonly change: number;
  /** Compared alone. */
  readonly difference: number;
  readonly bytes: number;
  readonly changeBytes: number;
  /** With the old and the new table in memory. */
  readonly peak: number;
  /** Of the process before it compiled anything. */
  readonly base: number;
}

function compiling(size: number, rounds: number): Compiling {
  const texts = [false, true].map((changed) => JSON.stringify(documentWith(policySpec(plainRules(size, changed)))));
  const [before = "", after = ""] = texts;
  const text = (commands: readonly NftCommand[]): string => JSON.stringify({ nftables: commands });
  const programOf = (document: string): ReturnType<typeof compileDocument>["program"] =>
    compileDocument(JSON.parse(document) as FirewallDocument, anyHost).program;
  const whole = (): string => text(replaceCommands(programOf(before)));
  const peak = (): number => process.resourceUsage().maxRSS / 1024;
  const base = peak();
  const [first, { length: bytes }] = timed(whole);
  const samples = Array.from({ length: rounds }, () => {
    const [again] = timed(whole);
    const [compile, [one, other]] = timed(() => [programOf(before), programOf(after)] as const);
    const [difference, transaction] = timed(() => text(changeCommands(one, other)));
    return { again, change: compile + difference, difference, changeBytes: transaction.length };
  });
  const middle = (of: (sample: (typeof samples)[number]) => number): number => median(samples.map(of));
  return {
    first,
    again: middle((sample) => sample.again),
    change: middle((sample) => sample.change),
    difference: middle((sample) => sample.difference),
    bytes,
    changeBytes: middle((sample) => sample.changeBytes),
    peak: peak(),
    base,
  };
}

const [size, rounds] = process.argv.slice(2).map(Number);
if (size !== undefined && rounds !== undefined) console.log(JSON.stringify(compiling(size, rounds)));
