import { addressesCommand } from "./addresses";
import { isUsage } from "./arguments";
import { hitsCommand } from "./hits";
import { importCommand } from "./import/command";
import { reachabilityCommand } from "./reachability";
import { reviewCommand } from "./review/command";
import { routeCommand } from "./route";
import { topologyCommand } from "./topology";

/** Where a command writes: its result, and what it has to say meanwhile. */
export interface Output {
  readonly out: (text: string) => void;
  readonly say: (text: string) => void;
}

export type Command = (args: readonly string[], output: Output) => Promise<number>;

/** The parser of YAML is loaded where it is used. */
const connectivityCommand: Command = async (...call) => (await import("./connectivity")).connectivityCommand(...call);
const diffCommand: Command = async (...call) => (await import("./connectivity")).diffCommand(...call);

const commands: ReadonlyMap<string, Command> = new Map([
  ["topology", topologyCommand],
  ["route", routeCommand],
  ["reachability", reachabilityCommand],
  ["review", reviewCommand],
  ["addresses", addressesCommand],
  ["hits", hitsCommand],
  ["import", importCommand],
  ["connectivity", connectivityCommand],
  ["diff", diffCommand],
]);

const usage = `usage: pulumi-sdn COMMAND --host [NAME=]URI [--host …] [--private-key FILE] [--known-hosts FILE]

  topology [--json]                 what is on the hosts, as a picture
  route FROM TO [--network NAME] [--on HOST] [--json]
                                    what becomes of a packet, hop by hop
  reachability [FROM TO [PROTOCOL[/PORTS]]] [--json]
                                    who reaches whom, or whether one reaches the other, and which rules decide
  addresses [--json]                addresses and VNIs in use and left
  hits [--policy NAME] [--json]     what the rules of firewalls have counted, and when they last matched
  import [--language yaml|typescript] [--owner PROJECT/STACK] [--out FOLDER] [--plugin FOLDER] [--only-ours]
                                    the program that adopts what is on the hosts and changes nothing
  review --preview FILE | --before FILE --after FILE [--format markdown|json|sarif] [--program FILE]
         [--fail-on error|risk|opened|never]
                                    what a change opens and closes, from \`pulumi preview --json --show-sames\` or two
                                    \`pulumi stack export\`; asks no host

  connectivity --manifests FOLDER [--format txt|json|csv|md|dot|svg] [--join-ranges] [--strict]
                                    who may connect to whom by Kubernetes manifests; no host and no cluster is asked
  diff --dir1 FOLDER --dir2 FOLDER [--format txt|json|csv|md|dot|svg] [--strict]
                                    what that becomes by a change of them

A host is ssh://USER@ADDRESS:PORT, netns:NAME or local:. Nothing is changed on any host. The hosts' keys must be
known (--known-hosts, default ~/.ssh/known_hosts); the key is --private-key or the SSH agent's.
`;

/** Resolves with the exit status: 0; 1 where something failed; 2 where the command was called wrongly. */
export async function runCommand(args: readonly string[], output: Output): Promise<number> {
  const [name = "", ...rest] = args;
  const command = commands.get(name);
  if (command === undefined || rest.includes("--help")) {
    const asked = name === "help" || name === "--help" || rest.includes("--help");
    if (asked) output.out(usage);
    else output.say(name === "" ? usage : `pulumi-sdn: no command ${name}\n${usage}`);
    return asked ? 0 : 2;
  }
  try {
    return await command(rest, output);
  } catch (thrown) {
    if (!isUsage(thrown)) throw thrown;
    output.say(`pulumi-sdn ${name}: ${thrown.message}`);
    return 2;
  }
}
