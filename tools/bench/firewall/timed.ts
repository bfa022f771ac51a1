/** Milliseconds that something takes, and what it gives. */
export function timed<T>(work: () => T): readonly [number, T] {
  const begun = performance.now();
  const result = work();
  return [performance.now() - begun, result];
}

export async function timedAsync<T>(work: () => Promise<T>): Promise<readonly [number, T]> {
  const begun = performance.now();
  const result = await work();
  return [performance.now() - begun, result];
}
