import { givenHosts, hostOptions, oneOf, parsed, UsageError } from "../arguments";
import type { Command } from "../command";
import { readHosts } from "../reading";
import { foundOf, ownersOf } from "./agreement";
import { programFiles, writeFiles } from "./files";
import type { Foreign } from "./foreign";
import { foreignDeclarations } from "./foreign";
import { hostDeclarations } from "./hosts";
import { servicesLeft } from "./left";
import { ourDeclarations } from "./ours";
import type { Declaration, Program } from "./program";

/** `pulumi-sdn import`: writes nothing where it could not keep its promise that the first `up` changes nothing. */
export const importCommand: Command = async (args, { out, say }) => {
  const { values, positionals } = parsed(args, {
    ...hostOptions,
    language: { type: "string" },
    owner: { type: "string" },
    out: { type: "string" },
    plugin: { type: "string" },
    "only-ours": { type: "boolean" },
  });
  if (positionals.length > 0) throw new UsageError(`${positionals[0] ?? ""} is one argument too many`);
  const language = oneOf("--language", values.language, ["yaml", "typescript"]);
  const hosts = givenHosts(values);
  const views = await readHosts(hosts, { withDrift: false });
  const unread = views.flatMap(({ name, problem }) => (problem === undefined ? [] : [`host ${name}: ${problem}`]));
  if (unread.length > 0) return refuse(say, "a host could not be read", unread);

  const owner = chosenOwner(ownersOf(views), values.owner) ?? "";
  const found = foundOf(views, owner);
  const { obstacles } = found;
  if (obstacles.length > 0) return refuse(say, `what ${owner} made cannot be written as it is`, obstacles);
  const declared = hostDeclarations(views, hosts);
  const foreign = values["only-ours"] === true ? nothing : foreignDeclarations(views, declared, owner);
  const declarations = [...declared.values(), ...ourDeclarations(found, declared, views), ...foreign.declarations];
  if (declarations.length === declared.size) throw new UsageError("there is nothing on these hosts to import");
  const [project = "imported", stack = "dev"] = owner.split("/").filter((part) => part !== "");
  const program: Program = { project, stack, declarations };
  const files = await programFiles(program, language, values.plugin);
  if (values.out === undefined) out([...files.values()][0] ?? "");
  else writeFiles(values.out, files);
  const notes = [...foreign.notes, ...servicesLeft(views, owner)];
  for (const line of [...notes, ...advice(program, values.out)]) say(line);
  return 0;
};

function refuse(say: (text: string) => void, what: string, reasons: readonly string[]): number {
  say(`pulumi-sdn import: ${what}; nothing was written:`);
  for (const reason of reasons) say(`  - ${reason}`);
  return 1;
}

/** Where sdn made nothing yet, any name will do: what others made belongs to no project. */
function chosenOwner(owners: readonly string[], wanted: string | undefined): string | undefined {
  if (wanted !== undefined) {
    if (!/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/.test(wanted))
      throw new UsageError(`--owner ${wanted}: write PROJECT/STACK`);
    if (owners.length === 0 || owners.includes(wanted)) return wanted;
    throw new UsageError(`--owner ${wanted}: nothing on these hosts is its; there is ${listOf(owners)}`);
  }
  const [first, second] = owners;
  if (second !== undefined) throw new UsageError(`these hosts have things of ${listOf(owners)}: choose with --owner`);
  return first;
}

const listOf = (owners: readonly string[]): string => owners.join(", ");

const nothing: Foreign = { declarations: [], notes: [] };

function advice({ stack, declarations }: Program, folder: string | undefined): readonly string[] {
  const counts = Map.groupBy(declarations, ({ type }: Declaration) => type);
  const counted = [...counts].map(([type, all]) => `${all.length} ${type}`).join(", ");
  return [
    `${folder === undefined ? "written" : `written to ${folder}`}: ${counted}`,
    "not known from the hosts, add where wanted: labels, endpoints that only reserve an address, keys that are not in a file",
    `next: pulumi stack init ${stack}; pulumi preview (it says what is adopted); pulumi up`,
  ];
}
