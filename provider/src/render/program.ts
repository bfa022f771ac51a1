import firewall from "./program/firewall.sh";
import follow from "./program/follow.sh";
import persistence from "./program/persistence.sh";
import services from "./program/services.sh";
import program from "./program/program.sh";

/** Lines that are nothing but a comment are for readers of the source: there is little room on a command line. */
const withoutComments = (text: string): string => text.replace(/^[ \t]*#.*\n/gm, "");

/** The host's program, constant for a version of this provider. */
export const hostProgram: string = withoutComments(persistence + firewall + follow + services + program);
