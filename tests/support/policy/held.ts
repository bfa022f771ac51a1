/** What a host puts into the sets of what nobody has judged yet. */
import fc from "fast-check";
import { firewallTable } from "../../../provider/src/compile/firewall/program";
import type { NftCommand } from "../../../provider/src/compile/nft/program";
import { type Address, formatAddress } from "../../../provider/src/model/address";
import { addressesOf, segments } from "./arbitraries";

export interface Held {
  readonly bridges: readonly string[];
  readonly addresses: readonly { readonly bridge: string; readonly address: Address }[];
}

export const nothingHeld: Held = { bridges: [], addresses: [] };

export function heldCommands({ bridges, addresses }: Held): readonly NftCommand[] {
  const add = (name: string, elem: readonly unknown[]): readonly NftCommand[] =>
    elem.length === 0 ? [] : [{ add: { element: { family: "inet", table: firewallTable, name, elem } } }];
  const behind = (family: 4 | 6): readonly NftCommand[] =>
    addresses
      .filter(({ address }) => address.family === family)
      .map(({ bridge, address }) => ({ concat: [bridge, formatAddress(address)] }));
  return [...add("held_bridges", bridges), ...add("held4", behind(4)), ...add("held6", behind(6))];
}

const places = segments.flatMap((segment) =>
  addressesOf(segment).map((address) => ({ bridge: segment.bridge, address })),
);

export const heldArbitrary: fc.Arbitrary<Held> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(nothingHeld) },
  {
    weight: 1,
    arbitrary: fc.record({
      bridges: fc.subarray(
        segments.map(({ bridge }) => bridge),
        { maxLength: 1 },
      ),
      addresses: fc.subarray(places, { maxLength: 4 }),
    }),
  },
);
