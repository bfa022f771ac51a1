import type { Connectivity } from "../manifests/connectivity";
import { connectionsOf, withJoinedRanges } from "../manifests/connections";
import { connectivityOf } from "../manifests/connectivity";
import { differencesOf } from "../manifests/differences";
import { type Finding, findingText } from "../manifests/finding";
import { connectivityAs, connectivityFormats, differencesAs } from "../render/connectivity/formats";
import { oneOf, parsed, UsageError } from "./arguments";
import type { Command, Output } from "./command";
import { readManifests } from "./manifest-files";

const commonOptions = {
  format: { type: "string" },
  strict: { type: "boolean" },
  // What other analysers call it.
  fail: { type: "boolean" },
} as const;

/** `pulumi-sdn connectivity`: fails where nothing could be read, and with `--strict` where there was a warning. */
export const connectivityCommand: Command = async (args, output) => {
  const { values, positionals } = parsed(args, {
    ...commonOptions,
    manifests: { type: "string" },
    "join-ranges": { type: "boolean" },
  });
  if (positionals.length > 0) throw new UsageError(`${positionals[0] ?? ""} is one argument too many`);
  if (values.manifests === undefined) throw new UsageError("no manifests: give --manifests FOLDER");
  const format = oneOf("--format", values.format, connectivityFormats);
  const analysed = await analyse(values.manifests, output, "");
  if (analysed === undefined) return 1;
  const { connectivity, findings } = analysed;
  const connections = connectionsOf(values["join-ranges"] === true ? withJoinedRanges(connectivity) : connectivity);
  output.out(connectivityAs(format, connections, connectivity.workloads));
  return exitStatus(values, findings);
};

/** `pulumi-sdn diff`: what becomes allowed and what no longer is; a difference is no failure. */
export const diffCommand: Command = async (args, output) => {
  const { values, positionals } = parsed(args, {
    ...commonOptions,
    dir1: { type: "string" },
    dir2: { type: "string" },
  });
  if (positionals.length > 0) throw new UsageError(`${positionals[0] ?? ""} is one argument too many`);
  const { dir1, dir2 } = values;
  if (dir1 === undefined || dir2 === undefined) throw new UsageError("give --dir1 FOLDER and --dir2 FOLDER");
  const format = oneOf("--format", values.format, connectivityFormats);
  const before = await analyse(dir1, output, "dir1: ");
  const after = await analyse(dir2, output, "dir2: ");
  if (before === undefined || after === undefined) return 1;
  const workloads = [...before.connectivity.workloads, ...after.connectivity.workloads];
  const withUnchanged = format === "dot" || format === "svg";
  const differences = differencesOf(before.connectivity, after.connectivity, { withUnchanged });
  output.out(differencesAs(format, differences, workloads));
  return exitStatus(values, [...before.findings, ...after.findings]);
};

interface Analysed {
  readonly connectivity: Connectivity;
  readonly findings: readonly Finding[];
}

/** Says what it found on the way; `undefined` where nothing could be read. */
async function analyse(path: string, { say }: Output, prefix: string): Promise<Analysed | undefined> {
  const manifests = await readManifests(path);
  const connectivity = connectivityOf(manifests.objects);
  const isEmpty = manifests.documents > 0 && connectivity.workloads.length === 0;
  const empty: Finding = {
    level: "warning",
    place: { file: path, line: 0 },
    message: "the manifests have no workloads",
  };
  const findings = [...manifests.findings, ...connectivity.findings, ...(isEmpty ? [empty] : [])];
  for (const finding of findings) say(`${prefix}${findingText(finding)}`);
  if (manifests.documents > 0) return { connectivity, findings };
  say(`${prefix}no manifest could be read from ${path}`);
  return undefined;
}

function exitStatus(
  { strict, fail }: { readonly strict?: boolean | undefined; readonly fail?: boolean | undefined },
  findings: readonly Finding[],
): number {
  const isStrict = strict === true || fail === true;
  return isStrict && findings.some(({ level }) => level === "warning") ? 1 : 0;
}
