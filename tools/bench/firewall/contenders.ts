/** Who lets packets through: nobody in particular, our table, and linear lists; each as the commands that make it. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileDocument } from "../../../provider/src/compile/firewall/compile";
import { firewallTable } from "../../../provider/src/compile/firewall/program";
import { changeCommands, type NftCommand, replaceCommands } from "../../../provider/src/compile/nft/program";
import { iptablesEmpty, iptablesRule, iptablesRuleset, nftRule, nftRuleset, nftTable, rulesBefore } from "./linear";
import { anyHost, documentWith, middleOf, type PlainRule, plainRules, policySpec } from "./policy";

export const contenders = ["none", "sdn", "nft", "iptables-nft", "iptables-legacy"] as const;
export type Contender = (typeof contenders)[number];

export type Command = readonly [string, ...string[]];

/** Run in the host's namespace, in this order. Nothing to run where there are no rules. */
export interface Recipe {
  readonly load: Command | undefined;
  /** Another rule in the middle. */
  readonly change: (() => Command) | undefined;
  readonly clear: Command | undefined;
}

export const isThere = (contender: Contender): boolean => {
  if (!contender.startsWith("iptables")) return true;
  try {
    execFileSync(`${contender}-restore`, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

/** @param run runs a command in the host's namespace and gives what it says */
export function recipeOf(
  contender: Contender,
  size: number,
  folder: string,
  run: (command: Command) => string,
): Recipe {
  const file = (what: string, text: string): string => {
    const path = join(folder, `${contender}-${size}-${what}`);
    writeFileSync(path, text);
    return path;
  };
  const rules = plainRules(size);
  const changed = plainRules(size, true)[middleOf(size)] as PlainRule;
  switch (contender) {
    case "none":
      return { load: undefined, change: undefined, clear: undefined };
    case "sdn": {
      const [program, next] = [false, true].map((is) => programOf(size, is)) as [Program, Program];
      const whole = file("load", nftJson(replaceCommands(program)));
      const difference = file("change", nftJson(changeCommands(program, next)));
      return {
        load: ["nft", "-j", "-f", whole],
        change: () => ["nft", "-j", "-f", difference],
        clear: ["nft", "delete", "table", "inet", firewallTable],
      };
    }
    case "nft":
      return {
        load: ["nft", "-f", file("load", nftRuleset(rules))],
        change: () => {
          // Rules are named by handles, which whoever changes one has to ask for.
          const lines = run(["nft", "-a", "list", "chain", "ip", nftTable, "forward"]).split("\n");
          const handles = lines.flatMap((line) => / counter .* # handle (\d+)$/.exec(line)?.[1] ?? []);
          const place = ["ip", nftTable, "forward", "handle", handles[rulesBefore + middleOf(size)] ?? ""];
          return ["nft", "replace", "rule", ...place, ...nftRule(changed).split(" ")];
        },
        clear: ["nft", "delete", "table", "ip", nftTable],
      };
    case "iptables-nft":
    case "iptables-legacy": {
      const place = String(rulesBefore + middleOf(size) + 1);
      return {
        load: [`${contender}-restore`, file("load", iptablesRuleset(rules))],
        change: () => [contender, "-R", "FORWARD", place, ...iptablesRule(changed).split(" ")],
        clear: [`${contender}-restore`, file("clear", iptablesEmpty)],
      };
    }
  }
}

type Program = ReturnType<typeof programOf>;
const programOf = (size: number, changed: boolean): ReturnType<typeof compileDocument>["program"] =>
  compileDocument(documentWith(policySpec(plainRules(size, changed))), anyHost).program;
const nftJson = (commands: readonly NftCommand[]): string => JSON.stringify({ nftables: commands });
