import balancers from "./program/balancers.sh";
import dns from "./program/dns.sh";
import firewall from "./program/firewall.sh";
import follow from "./program/follow.sh";
import patch from "./program/patch.sh";
import persistence from "./program/persistence.sh";
import services from "./program/services.sh";
import program from "./program/program.sh";

/**
 * Without what is for readers of the source: comments on lines of their own and behind the names of functions,
 * indentation, empty lines. There is little room on a command line. No text in the program may depend on these.
 */
const compact = (text: string): string =>
  text
    .replace(/^[ \t]*#.*\n/gm, "")
    .replace(/^[ \t]+/gm, "")
    .replace(/\{ # .*$/gm, "{")
    .replace(/\n{2,}/g, "\n");

/** The host's program, constant for a version of this provider. */
export const hostProgram: string = compact(
  persistence + firewall + patch + follow + services + balancers + dns + program,
);
