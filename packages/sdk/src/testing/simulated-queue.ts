interface Waiting {
  start(): void;
  refuse(reason: unknown): void;
}

/** Does one piece of work at a time, in the order of the calls. The first starts at once, within its call. */
export class SimulatedQueue {
  #waiting: Waiting[] = [];
  #isRunning = false;
  #running: Promise<unknown> = Promise.resolve();

  add<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const start = () => {
        // Before the work begins: what it calls in its turn has to queue up behind it.
        this.#isRunning = true;
        this.#running = work()
          .then(resolve, reject)
          .finally(() => this.#next());
      };
      if (this.#isRunning) this.#waiting.push({ start, refuse: reject });
      else start();
    });
  }

  /** Refuses what waits for its turn, and waits for what runs. */
  async close(reason: unknown): Promise<void> {
    for (const { refuse } of this.#waiting.splice(0)) refuse(reason);
    await this.#running;
  }

  #next(): void {
    this.#isRunning = false;
    this.#waiting.shift()?.start();
  }
}
