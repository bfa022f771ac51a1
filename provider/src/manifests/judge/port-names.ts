/** A port's name that none of a rule's destinations has is most often mistyped: the rule then says nothing of it. */

import type { Findings } from "../finding";
import type { Declared, NamedPort } from "../objects";
import type { PodGroups } from "./pod-groups";
import type { Direction, Policy } from "./rules";

export function noteUnknownPortNames(
  { title, place }: Declared,
  { subject, rules }: Policy,
  direction: Direction,
  pods: PodGroups,
  findings: Findings,
): void {
  const has = (group: number, { name, protocol }: NamedPort): boolean =>
    pods.groups[group]?.ports.some((port) => port.name === name && (protocol ?? port.protocol) === port.protocol) ===
    true;
  for (const { peers, ports } of rules) {
    for (const named of ports.named) {
      const chosen = peers === "any" ? [pods.groups.map((_, group) => group)] : peers.groups;
      const destinations = direction === "ingress" ? [subject] : chosen;
      const isNobody = destinations.every((list) => list.length === 0);
      if (isNobody || destinations.some((list) => list.some((group) => has(group, named)))) continue;
      const what = `${named.protocol === undefined ? "" : `${named.protocol} `}port with the name ${named.name}`;
      findings.note(place, `${title}: no pod that a rule of it leads to has a ${what}`);
    }
  }
}
