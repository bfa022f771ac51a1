/** Gathers what is wrong with a resource's inputs, so that a user sees all of it at once. */

import { SdnError, type SdnErrorDetail } from "./error";

export interface Problem {
  /** Property path in Pulumi's notation; empty where the problem is the whole resource's. */
  readonly property: string;
  /** The message without the property. */
  readonly reason: string;
}

export class Problems {
  private readonly found: SdnError[] = [];

  /** What `parse` returns, or `undefined` where it threw an `SdnError`, which is kept. A defect is thrown on. */
  collect<T>(parse: () => T): T | undefined {
    try {
      return parse();
    } catch (thrown) {
      if (!(thrown instanceof SdnError) || thrown.code === "internal") throw thrown;
      this.found.push(thrown);
      return undefined;
    }
  }

  /** Keeps errors that a check returned. */
  add(...errors: readonly SdnError[]): void {
    this.found.push(...errors);
  }

  get errors(): readonly SdnError[] {
    return [...this.found];
  }

  get empty(): boolean {
    return this.found.length === 0;
  }

  /** In the order found. */
  get list(): readonly Problem[] {
    return this.found.map((error) => ({ property: error.detail.property ?? "", reason: reasonOf(error) }));
  }

  /**
   * Throws what was found: a single error as it is, several as one error with the code of the first and every
   * message in its cause.
   */
  throwIfAny(): void {
    const [first, ...others] = this.found;
    if (first === undefined) return;
    if (others.length === 0) throw first;
    const messages = this.found.map((error) => error.message.replace(/\.$/, ""));
    throw new SdnError({ code: first.code, cause: messages.join("; ") }, { cause: first });
  }
}

function reasonOf(error: SdnError): string {
  const detail: { -readonly [Key in keyof SdnErrorDetail]: SdnErrorDetail[Key] } = { ...error.detail };
  delete detail.property;
  return new SdnError(detail).message;
}
