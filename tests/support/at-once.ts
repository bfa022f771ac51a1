/** Goes through the pauses of some work at once. The test has jest's timers (`jest.useFakeTimers()`). */
export async function atOnce<T>(work: Promise<T>): Promise<T> {
  const progress = { through: false };
  const done = (): void => {
    progress.through = true;
  };
  work.then(done, done);
  while (!progress.through) await jest.advanceTimersByTimeAsync(200);
  return work;
}
