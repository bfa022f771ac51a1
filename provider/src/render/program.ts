import firewall from "./program/firewall.sh";
import persistence from "./program/persistence.sh";
import program from "./program/program.sh";

/** The host's program, constant for a version of this provider. */
export const hostProgram: string = persistence + firewall + program;
