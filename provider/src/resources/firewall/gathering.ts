/** Gathers what arrives together into one wave, and runs one wave after another. */

/** Milliseconds without a new arrival after which a wave is taken to be complete. */
const quietTime = 100;
/** Milliseconds that the first of a wave waits at the most. */
const longestWait = 1000;

export class Gathering<T> {
  private waiting: T[] = [];
  private last = 0;
  private running = false;

  /** @param work is given a wave; it never rejects */
  constructor(private readonly work: (wave: readonly T[]) => Promise<void>) {}

  add(item: T): void {
    this.waiting.push(item);
    this.last = performance.now();
    if (!this.running) this.start();
  }

  private start(): void {
    this.running = true;
    const first = performance.now();
    const look = (): void => {
      const now = performance.now();
      if (now - this.last < quietTime && now - first < longestWait) setTimeout(look, quietTime / 2);
      else void this.run();
    };
    setTimeout(look, quietTime);
  }

  private async run(): Promise<void> {
    const wave = this.waiting;
    this.waiting = [];
    await this.work(wave);
    this.running = false;
    if (this.waiting.length > 0) this.start();
  }
}
