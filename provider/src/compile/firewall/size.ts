import type { Program } from "../nft/program";

/** How much a host has to hold. */
export function programSize({ sets, maps, chains }: Program): { readonly elements: number; readonly chains: number } {
  const elements = [...sets, ...maps].reduce((sum, one) => sum + one.elements.length, 0);
  return { elements, chains: chains.length };
}
