/**
 * A stable hash for choosing places: preferred blocks, addresses, numbers. It is not cryptographic and protects
 * nothing. It is written here because the pure layers import no `node:` module, so that they run and are tested
 * anywhere; and because its values decide addresses in use, they may never change, which no library promises.
 */

const mask64 = 0xffff_ffff_ffff_ffffn;
const encoder = new TextEncoder();

/**
 * FNV-1a over the UTF-8 octets of the text, then an avalanche, as an unsigned 64-bit integer. The avalanche is
 * needed: the low bits of FNV-1a alone depend on the low bits of the octets only, and `mod 2^n` looks at just those.
 */
export function hash64(text: string): bigint {
  return avalanche(fnv1a64(text));
}

/** FNV-1a, 64 bits (draft-eastlake-fnv). */
export function fnv1a64(text: string): bigint {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const octet of encoder.encode(text)) hash = ((hash ^ BigInt(octet)) * 0x0000_0100_0000_01b3n) & mask64;
  return hash;
}

/** The finaliser of MurmurHash3 (`fmix64`): a bijection in which each input bit moves half of the output bits. */
export function avalanche(value: bigint): bigint {
  let mixed = value & mask64;
  mixed = ((mixed ^ (mixed >> 33n)) * 0xff51_afd7_ed55_8ccdn) & mask64;
  mixed = ((mixed ^ (mixed >> 33n)) * 0xc4ce_b9fe_1a85_ec53n) & mask64;
  return mixed ^ (mixed >> 33n);
}
