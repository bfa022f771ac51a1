/** What is said while many hosts are worked on. */
import { FleetProgress } from "../../../provider/src/resources/progress";

interface Deferred {
  readonly promise: Promise<void>;
  readonly done: () => void;
}
function deferred(): Deferred {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { promise: promise.then(() => undefined), done: () => resolve(undefined) };
}

/** A fleet on which each operation ends when it is told to; everything said, with the host whose resource said it. */
function bench() {
  const progress = new FleetProgress(() => Date.now());
  const said: string[] = [];
  const logged: string[] = [];
  const work = new Map<string, Deferred>();
  const begin = (host: string, key = host): Promise<void> => {
    const operation = deferred();
    work.set(key, operation);
    return progress.during(
      host,
      {
        status: (message) => said.push(`${host}: ${message}`),
        log: (severity, message) => logged.push(`${severity} ${message}`),
      },
      () => operation.promise,
    );
  };
  const end = async (key: string): Promise<void> => {
    work.get(key)?.done();
    await Promise.resolve();
    await jest.advanceTimersByTimeAsync(0);
  };
  return { begin, end, said, logged };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test("names the slowest host, and how many are done, at a resource that waits for it", async () => {
  const { begin, end, said, logged } = bench();
  const all = ["h1", "h2", "h3"].map((host) => begin(host));
  await jest.advanceTimersByTimeAsync(600);
  await end("h1");
  await jest.advanceTimersByTimeAsync(500);
  await end("h2");
  await jest.advanceTimersByTimeAsync(2000);
  await end("h3");
  await Promise.all(all);
  expect(said).toEqual([
    "h1: 0 of 3 hosts done; waiting for h1 (1 s) and 2 more",
    "h2: 1 of 3 hosts done; waiting for h2 (1 s) and 1 more",
    "h3: 2 of 3 hosts done; waiting for h3 (2 s)",
    "h3: 2 of 3 hosts done; waiting for h3 (3 s)",
  ]);
  expect(logged).toEqual(["debug 3 hosts done in 3.1 s; slowest h3 (3.1 s)"]);
});

test("says no more than two messages a second, however many operations there are", async () => {
  const { begin, end, said } = bench();
  const keys = Array.from({ length: 400 }, (_, index) => `${index}`);
  const all = keys.map((key) => begin(`h${Number(key) % 40}`, key));
  for (const key of keys) {
    await jest.advanceTimersByTimeAsync(25);
    await end(key);
  }
  await Promise.all(all);
  expect(said.length).toBeGreaterThan(5);
  expect(said.length).toBeLessThanOrEqual(20);
});

test("of a single host, and of what is done at once, says nothing", async () => {
  const { begin, end, said, logged } = bench();
  const alone = begin("h1");
  await jest.advanceTimersByTimeAsync(5000);
  await end("h1");
  await alone;
  const both = [begin("h1"), begin("h2")];
  await end("h1");
  await end("h2");
  await Promise.all(both);
  expect(said).toEqual([]);
  expect(logged).toEqual(["debug 2 hosts done in 0.0 s; slowest h1 (0.0 s)"]);
  expect(jest.getTimerCount()).toBe(0);
});

test("counts a host as waited for again when the next operation on it begins, and ends with failures too", async () => {
  const progress = new FleetProgress(() => Date.now());
  const { begin, end, said } = bench();
  const first = begin("h1");
  const second = begin("h2", "a");
  await end("a");
  const third = begin("h2", "b");
  await jest.advanceTimersByTimeAsync(500);
  expect(said).toEqual(["h1: 0 of 2 hosts done; waiting for h1 (1 s) and 1 more"]);
  for (const key of ["h1", "b"]) await end(key);
  await Promise.all([first, second, third]);
  const context = { status: () => undefined, log: () => undefined };
  await expect(progress.during("h1", context, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(jest.getTimerCount()).toBe(0);
});
