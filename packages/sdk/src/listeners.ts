/**
 * Who wants to hear of something, told in the order in which they came.
 *
 * What they hear of has happened already, so a listener that throws cannot undo it, nor keep it from the others: it is
 * called no more, and the process is told by a warning with the code `LISTENER_FAILED`, once (`process.on("warning")`;
 * Node prints those that nobody hears).
 */
export class Listeners<T> {
  readonly #what: string;
  readonly #listeners = new Set<(value: T) => void>();

  /** @param what - they hear of, for the warning */
  constructor(what: string) {
    this.#what = what;
  }

  /** Returns the function that takes it away again. */
  add(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  tell(value: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(value);
      } catch (error) {
        this.#listeners.delete(listener);
        this.#warn(error);
      }
    }
  }

  #warn(error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.emitWarning(`a listener of ${this.#what} has thrown, and is called no more.`, {
      type: "LloyalWarning",
      code: "LISTENER_FAILED",
      detail: reason,
    });
  }
}
