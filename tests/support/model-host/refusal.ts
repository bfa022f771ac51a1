/** What the program answers instead of doing it. */
export class Refusal extends Error {
  constructor(
    readonly code: "conflict" | "not-found" | "remote-failure" | "stale",
    message: string,
  ) {
    super(message);
  }
}
