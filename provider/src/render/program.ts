import text from "./program/program.sh";

/** The host's program, constant for a version of this provider. */
export const hostProgram: string = text;
