/** Whether policies of a host would cut off whom they must not, were there no failsafe. */

import type { Family } from "../../model/address";
import { firstAddress, lastAddress } from "../../model/cidr";
import { allAddresses, families } from "../../policy/address-set";
import { type Interval, successor } from "../../policy/intervals";
import { lowBits } from "../../policy/transport";
import type { Cells } from "./cells";
import { outcomeOf } from "./flows";
import type { FailsafeSession } from "./own-host";
import type { FirewallPlan } from "./plan";

export interface Lockout {
  readonly session: FailsafeSession;
  /** `POLICY/RULE` that denies it, or a part of it. */
  readonly by: string;
  /** Seconds since 1970; `undefined`: at once. Later, where a rule expires or a policy stops watching. */
  readonly from: number | undefined;
}

const tcp = 6;

/** What a plan's policies deny of its failsafe, each rule that does it once for a session. */
export function lockouts({ classes, own }: FirewallPlan): readonly Lockout[] {
  if (own === undefined) return [];
  return own.failsafe.flatMap((session) => {
    const found = familiesOf(session).flatMap((family) => {
      const cells = classes.find(({ name }) => name === own.classes.ingress[family])?.cells;
      return cells === undefined ? [] : denials(cells, clientsOf(session, family), tcp * lowBits + session.port);
    });
    return [...firstOfEach(found)].map(([by, from]) => ({ session, by, from }));
  });
}

type Denial = readonly [by: string, from: number | undefined];

const familiesOf = ({ client, server }: FailsafeSession): readonly Family[] =>
  families.filter((family) => (client?.family ?? family) === family && (server?.family ?? family) === family);

function clientsOf({ client }: FailsafeSession, family: Family): Interval<bigint> {
  if (client !== undefined) return { first: firstAddress(client).value, last: lastAddress(client).value };
  return allAddresses(family)[0] as Interval<bigint>;
}

function denials(cells: Cells, { first, last }: Interval<bigint>, transport: number): readonly Denial[] {
  // Between two of these nothing changes.
  const edges = cells.layers.flatMap((layer) => layer.cells.flatMap((cell) => [cell.first, successor(cell.last)]));
  const clients = [first, ...edges.filter((edge) => edge > first && edge <= last)];
  const outcomes = new Set(clients.map((client) => outcomeOf(cells, client, transport)));
  return [...outcomes].flatMap(({ slices }) =>
    slices.flatMap(({ decision: { verdict, by } }, index): readonly Denial[] =>
      verdict === "allow" || by === undefined ? [] : [[by, slices[index - 1]?.until]],
    ),
  );
}

/** The earliest of each rule. */
function firstOfEach(found: readonly Denial[]): ReadonlyMap<string, number | undefined> {
  const earliest = new Map<string, number | undefined>();
  for (const [by, from] of found) {
    const known = earliest.get(by);
    if (!earliest.has(by) || (known !== undefined && (from === undefined || from < known))) earliest.set(by, from);
  }
  return earliest;
}
