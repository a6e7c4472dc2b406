interface Waiting {
  start(): void;
  refuse(reason: unknown): void;
}

/** Does one piece of work at a time, in the order of the calls. The first starts at once, within its call. */
export class SimulatedQueue {
  #waiting: Waiting[] = [];
  #isBusy = false;
  #running: Promise<unknown> | undefined;

  add<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const start = () => {
        // Said first: a call from within the start of the work has to wait as well.
        this.#isBusy = true;
        this.#running = work()
          .then(resolve, reject)
          .finally(() => this.#next());
      };
      if (this.#isBusy) this.#waiting.push({ start, refuse: reject });
      else start();
    });
  }

  /** Refuses what waits for its turn, and waits for what runs. */
  async close(reason: unknown): Promise<void> {
    for (const { refuse } of this.#waiting.splice(0)) refuse(reason);
    await this.#running;
  }

  #next(): void {
    this.#isBusy = false;
    this.#running = undefined;
    this.#waiting.shift()?.start();
  }
}
