/** A Pulumi program as data, before it is written in a language. */

/** Another resource of the program, where an input takes one. */
export class Reference {
  constructor(readonly declaration: Declaration) {}
}

export type Property =
  string | number | boolean | Reference | readonly Property[] | { readonly [name: string]: Property };
export type PropertyMap = Readonly<Record<string, Property>>;

export interface Declaration {
  /** `Host`, `Subnet`: the type without its package. */
  readonly type: string;
  readonly name: string;
  readonly properties: PropertyMap;
  /** For the reader of the program. */
  readonly comment?: string | undefined;
}

export interface Program {
  readonly project: string;
  readonly stack: string;
  /** What a resource refers to stands before it. */
  readonly declarations: readonly Declaration[];
}

/** Only what is there. */
export function given(entries: Readonly<Record<string, Property | undefined>>): PropertyMap {
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, Property] => entry[1] !== undefined),
  );
}

/** A different word for each declaration, made from its name: a key in YAML, an identifier in TypeScript. */
export function keysOf(
  declarations: readonly Declaration[],
  word: (name: string) => string,
): ReadonlyMap<Declaration, string> {
  const keys = new Map<Declaration, string>();
  const taken = new Set<string>();
  for (const declaration of declarations) {
    const { name, type } = declaration;
    const wanted = [word(name), word(`${name}-${type.toLowerCase()}`)];
    for (let number = 2; wanted.every((one) => taken.has(one)); number += 1) wanted.push(word(`${name}-${number}`));
    const key = wanted.find((one) => !taken.has(one)) ?? "";
    taken.add(key);
    keys.set(declaration, key);
  }
  return keys;
}

/** The declaration of that name, as an input takes it. */
export function referenceTo(declarations: ReadonlyMap<string, Declaration>, name: string): Reference {
  const declaration = declarations.get(name);
  if (declaration === undefined) throw new Error(`${name} is not declared`);
  return new Reference(declaration);
}
