/** A host's plan → its table. docs/firewall.md shows a packet's way through it. */

import { families } from "../../policy/address-set";
import { directions } from "../../policy/rule";
import type { Program, ProgramMap } from "../nft/program";
import { baseChains, subjectMapName } from "./base-chains";
import { classProgram } from "./class-program";
import { cutProgram } from "./cut";
import type { Flow } from "./flows";
import { heldSets } from "./held";
import { OutcomeChains } from "./outcome-chains";
import type { FirewallPlan } from "./plan";
import { addressField, addressPart } from "./shape";

/** Its own table, so that a change of policy touches nothing else of ours and is taken back alone. */
export const firewallTable = "sdn_fw";

/** @param cuts flows that are open and must end: see `flowsToCut` */
export function firewallProgram(plan: FirewallPlan, cuts: readonly Flow[] = []): Program {
  const outcomes = new OutcomeChains();
  const cutting = cutProgram(cuts, plan.zones);
  const classes = plan.classes.map((one) => classProgram(one, outcomes));
  return {
    table: firewallTable,
    sets: [
      { name: "guarded", type: ["ifname"], elements: plan.guarded.map((bridge) => [bridge]) },
      ...heldSets,
      ...cutting.sets,
    ],
    maps: [...subjectMaps(plan), ...dynamicMaps(plan), ...classes.flatMap(({ maps }) => maps)],
    chains: [...outcomes.chains, ...classes.flatMap(({ chains }) => chains), ...baseChains(plan, cutting)],
  };
}

function subjectMaps(plan: FirewallPlan): readonly ProgramMap[] {
  return directions.flatMap((direction) =>
    families.map((family) => ({
      name: subjectMapName(direction, family),
      type: ["ifname", addressField("saddr", family).type],
      interval: true,
      elements: plan.subjects
        .filter((subject) => subject.direction === direction && subject.family === family)
        .map((subject) => ({
          key: [subject.bridge, addressPart(subject, family)],
          verdict: { goto: { target: subject.class } },
        })),
    })),
  );
}

function dynamicMaps({ dynamics: { subjects, peers } }: FirewallPlan): readonly ProgramMap[] {
  const bySubject = subjects.map((one) => {
    const { bridge, first, last, lists, chains } = one;
    return { ...one, key: ["ifname"], words: [bridge, String(first), String(last), lists, chains] };
  });
  const byPeer = peers.map((one) => ({ ...one, key: [], words: [one.bridges, one.lists, one.chains] }));
  return [...Map.groupBy([...bySubject, ...byPeer], ({ map }) => map)].map(([name, templates]) => {
    const { key, family } = templates[0] as (typeof templates)[number];
    const type = [...key, addressField("saddr", family).type];
    return { name, type, interval: false, elements: [], runtime: JSON.stringify(templates.map(({ words }) => words)) };
  });
}
