import manifest from "../../../package.json";

/** The one place that says the version is package.json. */
export const packageVersion: string = manifest.version;
