import { findingText } from "../manifests/finding";
import { connectionsOf } from "../manifests/connections";
import { connectivityOf } from "../manifests/connectivity";
import { connectivityText } from "../render/connectivity/text";
import { oneOf, parsed, UsageError } from "./arguments";
import type { Command } from "./command";
import { hasWarning, readManifests } from "./manifest-files";

const formats = ["txt"] as const;

/** `pulumi-sdn connectivity`: fails where nothing could be read, and with `--strict` where there was a warning. */
export const connectivityCommand: Command = async (args, { out, say }) => {
  const { values, positionals } = parsed(args, {
    manifests: { type: "string" },
    format: { type: "string" },
    strict: { type: "boolean" },
    fail: { type: "boolean" },
  });
  if (positionals.length > 0) throw new UsageError(`${positionals[0] ?? ""} is one argument too many`);
  if (values.manifests === undefined) throw new UsageError("no manifests: give --manifests FOLDER");
  oneOf("--format", values.format, formats);
  const manifests = await readManifests(values.manifests);
  const connectivity = connectivityOf(manifests.objects);
  const findings = [...manifests.findings, ...connectivity.findings];
  for (const finding of findings) say(findingText(finding));
  if (manifests.documents === 0) {
    say(`pulumi-sdn connectivity: nothing could be read from ${values.manifests}`);
    return 1;
  }
  if (connectivity.workloads.length === 0) say("warning: the manifests have no workloads");
  out(connectivityText(connectionsOf(connectivity)));
  return (values.strict === true || values.fail === true) && hasWarning(findings) ? 1 : 0;
};
