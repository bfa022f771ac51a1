import { SdnError } from "../model/error";

/** `PROJECT/STACK` of a URN: `urn:pulumi:STACK::PROJECT::TYPE::NAME`. Part of every mark that we leave on a host. */
export function ownerOf(urn: string): string {
  const { stack, project } = splitUrn(urn);
  for (const [what, text] of [
    ["stack", stack],
    ["project", project],
  ] as const) {
    if (!/^[A-Za-z0-9_.-]{1,100}$/.test(text)) {
      throw new SdnError({
        code: "invalid-input",
        value: text,
        cause: `the ${what}'s name cannot be part of the marks that are left on hosts`,
        remedy: "use letters, digits, dots, underscores and hyphens",
      });
    }
  }
  return `${project}/${stack}`;
}

export interface UrnParts {
  readonly stack: string;
  readonly project: string;
  readonly name: string;
}

export function splitUrn(urn: string): UrnParts {
  const [head = "", project = "", , ...name] = urn.split("::");
  return { stack: head.replace(/^urn:pulumi:/, ""), project, name: name.join("::") };
}
