import fc from "fast-check";
import { Limiter } from "../../../provider/src/targets/limiter";

const never = new AbortController().signal;

test("lets no more through than the limit, all in the end, in the order in which they came", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 40 }),
      async (limit, turns) => {
        const limiter = new Limiter(limit);
        const order: number[] = [];
        let active = 0;
        let most = 0;
        await Promise.all(
          turns.map(async (length, index) => {
            const release = await limiter.acquire(never);
            order.push(index);
            active += 1;
            most = Math.max(most, active);
            for (let turn = 0; turn < length; turn += 1) await Promise.resolve();
            active -= 1;
            release();
            release();
          }),
        );
        expect(most).toBeLessThanOrEqual(limit);
        expect(order).toEqual(turns.map((_, index) => index));
        expect(limiter.active).toBe(0);
      },
    ),
    { seed: 20270 },
  );
});

test("as many as the limit are in at once", async () => {
  const limiter = new Limiter(3);
  const places = await Promise.all([1, 2, 3].map(() => limiter.acquire(never)));
  expect(limiter.active).toBe(3);
  for (const release of places) release();
});

test("one that gives up while waiting takes no place", async () => {
  const limiter = new Limiter(1);
  const first = await limiter.acquire(never);
  const abort = new AbortController();
  const second = limiter.acquire(abort.signal);
  const third = limiter.acquire(never);
  abort.abort(new Error("gave up"));
  await expect(second).rejects.toThrow("gave up");
  first();
  (await third)();
  expect(limiter.active).toBe(0);
});

test("a lowered limit holds for those who wait, and is never below one", async () => {
  const limiter = new Limiter(3);
  const places = await Promise.all([1, 2, 3].map(() => limiter.acquire(never)));
  limiter.lowerTo(0);
  let entered = false;
  const waiting = limiter.acquire(never).then((release) => {
    entered = true;
    return release;
  });
  places[0]?.();
  places[1]?.();
  await Promise.resolve();
  await Promise.resolve();
  expect(entered).toBe(false);
  places[2]?.();
  (await waiting)();
  expect(entered).toBe(true);
});
