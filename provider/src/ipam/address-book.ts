/**
 * What the resources of one run hold, so that two of them that ask for the same thing are told so before anything is
 * changed. Lives as long as the provider process; knows nothing of what other stacks hold.
 */

import { type Family, familyBits, formatAddress } from "../model/address";
import { type Cidr, firstAddress, formatCidr, sameCidr } from "../model/cidr";
import { SdnError } from "../model/error";
import type { Taken } from "./block";
import type { TakenNumber } from "./number";
import { SortedBlocks } from "./sorted-blocks";

/** A block of addresses (a single one is a /32 or /128) or a number. */
export type Holding = Cidr | number;

/**
 * A domain is a space in which nothing may be held twice: the pool of a fabric, the addresses of a subnet, its VNIs.
 * In a domain an owner holds at most one IPv4 block, one IPv6 block and one number; one that needs more uses several
 * owner names.
 */
export class AddressBook {
  private readonly domains = new Map<string, Domain>();
  private readonly said = new Set<string>();

  /**
   * Notes that the owner holds this. Saying it again changes nothing; saying another one moves the owner there.
   *
   * @returns `conflict` where another owner holds it or part of it; the book is then as before
   */
  hold(domain: string, owner: string, holding: Holding): SdnError | undefined {
    const existing = this.domains.get(domain) ?? new Domain();
    this.domains.set(domain, existing);
    return existing.hold(owner, holding);
  }

  /** Whether this of the domain is new to the book: what is to be said once a run. */
  first(domain: string, what: string): boolean {
    const key = `${domain} ${what}`;
    const isNew = !this.said.has(key);
    this.said.add(key);
    return isNew;
  }

  /** Forgets all that the owner holds, in every domain or in one. */
  release(owner: string, domain?: string): void {
    const domains = domain !== undefined ? [this.domains.get(domain)] : [...this.domains.values()];
    for (const each of domains) each?.release(owner);
  }

  /** Blocks held in the domain, sorted, as `allocateBlock` takes them. */
  taken(domain: string): readonly Taken[] {
    return this.domains.get(domain)?.blocks() ?? [];
  }

  /** Numbers held in the domain, as `allocateNumber` takes them. */
  takenNumbers(domain: string): readonly TakenNumber[] {
    return this.domains.get(domain)?.numbers() ?? [];
  }
}

class Domain {
  private readonly sorted = { 4: new SortedBlocks(), 6: new SortedBlocks() } as const;
  private readonly blockOf = { 4: new Map<string, Cidr>(), 6: new Map<string, Cidr>() } as const;
  private readonly ownerOf = new Map<number, string>();
  private readonly numberOf = new Map<string, number>();

  hold(owner: string, holding: Holding): SdnError | undefined {
    return typeof holding === "number" ? this.holdNumber(owner, holding) : this.holdBlock(owner, holding);
  }

  release(owner: string): void {
    this.releaseBlock(owner, 4);
    this.releaseBlock(owner, 6);
    const number = this.numberOf.get(owner);
    if (number !== undefined) this.ownerOf.delete(number);
    this.numberOf.delete(owner);
  }

  blocks(): readonly Taken[] {
    return [...this.sorted[4].list(), ...this.sorted[6].list()];
  }

  numbers(): readonly TakenNumber[] {
    return [...this.ownerOf].map(([value, owner]) => ({ value, owner })).sort((a, b) => a.value - b.value);
  }

  private holdNumber(owner: string, value: number): SdnError | undefined {
    const other = this.ownerOf.get(value);
    if (other !== undefined && other !== owner) return conflict(`${owner} asks for ${value}, which ${other} holds`);
    const before = this.numberOf.get(owner);
    if (before !== undefined) this.ownerOf.delete(before);
    this.ownerOf.set(value, owner);
    this.numberOf.set(owner, value);
    return undefined;
  }

  private holdBlock(owner: string, cidr: Cidr): SdnError | undefined {
    const before = this.releaseBlock(owner, cidr.family);
    const other = this.sorted[cidr.family].overlapping(cidr);
    if (other === undefined) {
      this.putBlock(owner, cidr);
      return undefined;
    }
    if (before !== undefined) this.putBlock(owner, before);
    const part = sameCidr(other.cidr, cidr) ? "which" : `which overlaps ${blockName(other.cidr)} that`;
    return conflict(`${owner} asks for ${blockName(cidr)}, ${part} ${other.owner} holds`);
  }

  private putBlock(owner: string, cidr: Cidr): void {
    this.sorted[cidr.family].insert({ cidr, owner });
    this.blockOf[cidr.family].set(owner, cidr);
  }

  private releaseBlock(owner: string, family: Family): Cidr | undefined {
    const cidr = this.blockOf[family].get(owner);
    if (cidr !== undefined) this.sorted[family].remove(cidr);
    this.blockOf[family].delete(owner);
    return cidr;
  }
}

function conflict(cause: string): SdnError {
  return new SdnError({ code: "conflict", cause, remedy: "change one of the two" });
}

/** A block of one address is named by the address alone. */
function blockName(cidr: Cidr): string {
  return cidr.prefixLength === familyBits(cidr.family) ? formatAddress(firstAddress(cidr)) : formatCidr(cidr);
}
