/** What a change is in the host program's words. */

import type { Compiled } from "../../compile/firewall/compile";
import { dynamicLines } from "../../compile/firewall/dynamic-lines";
import { elementCounts } from "../../compile/nft/element-counts";
import { changeCommands, type NftCommand } from "../../compile/nft/program";
import type { Words } from "../../compile/steps";
import { editsWord, textEdits } from "../../render/text-edits";
import { encodeText, renderLine } from "../../render/words";
import type { HostPlan } from "./host-plan";
import { nftText, textsOf } from "./memory";

export const nftWord = (commands: readonly NftCommand[]): string => encodeText(nftText(commands));

/** The difference, where the host has what it says it has; else the whole. */
export function changeWords({ before, held }: HostPlan, after: Compiled, whole: string): readonly Words[] {
  const difference = before && changeCommands(before.program, after.program);
  return [
    // Without a policy the host's settings are its own.
    [after.policies.length > 0 ? "firewall_settings" : "firewall_own_settings"],
    dynamicsWord(after),
    ...(difference === undefined || difference.length === 0 ? [] : [differenceWord(difference)]),
    ["firewall_table", whole],
    ...settleWords(held),
  ];
}

function differenceWord(difference: readonly NftCommand[]): Words {
  const counts = elementCounts(difference);
  const words = ["firewall_change", nftWord(difference)];
  return counts === undefined ? words : [...words, counts.gone, counts.come];
}

/** `undefined` where it would be no shorter than the whole. */
export function patchWords(before: Compiled, after: Compiled): Words | undefined {
  const [old, wanted] = [textsOf(before), textsOf(after)];
  const edits = [textEdits(old.document, wanted.document), textEdits(old.table, wanted.table)] as const;
  const words = edits.map((one) => one && editsWord(one));
  const [document, table] = words;
  if (document === undefined || table === undefined) return undefined;
  if (document.length + table.length > (wanted.document.length + wanted.table.length) / 2) return undefined;
  return ["firewall_patch", old.hash, old.sum, wanted.sum, document, table];
}

/** Also where there is nothing: another program may have left something. */
const dynamicsWord = (compiled: Compiled): Words => ["firewall_dynamics", fillText(compiled) ?? "-"];

/** What the host fills in by itself. */
export function fillText({ plan }: Compiled): string | undefined {
  const lines = dynamicLines(plan.dynamics);
  return lines.length === 0 ? undefined : encodeText(`${lines.map(renderLine).join("\n")}\n`);
}

/** The rules know these now. */
function settleWords(held: HostPlan["held"]): readonly Words[] {
  return [...Map.groupBy(held, ({ bridge }) => bridge)].flatMap(([bridge, places]): readonly Words[] => {
    const addresses = places.flatMap(({ address }) => address ?? []);
    return [
      ...(places.length > addresses.length ? [["firewall_settle", bridge]] : []),
      ...(addresses.length > 0 ? [["firewall_settle", bridge, addresses.join(",")]] : []),
    ];
  });
}
