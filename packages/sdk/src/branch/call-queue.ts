export interface QueuedCall {
  /** Calls of one lane may share a batch; a call of none has its own. */
  readonly lane: "prefill" | "tick" | undefined;
  /** What it adds to a batch. */
  readonly rows: number;
}

interface Waiting<C, R> {
  readonly call: C;
  resolve(result: R): void;
  reject(reason: unknown): void;
}

/** Tells a caller what became of the call at a place of its batch. */
type Settle<C, R> = (waiting: Waiting<C, R>, place: number) => void;

/**
 * Group commit. A call that finds nothing under way goes at once. Those that come meanwhile wait, and then the first of
 * them goes and with it, in their order, all others of its lane that find room.
 *
 * Callers that share a batch are told of its end in one turn of the event loop, and their next calls, made in that turn,
 * share a batch again: the queue waits for the end of the turn.
 *
 * A shared batch that fails has written nothing, so its calls are then run one by one: each gets the outcome that it
 * would have had alone.
 */
export class CallQueue<C extends QueuedCall, R> {
  readonly #rowsMax: Readonly<Record<"prefill" | "tick", number>>;
  readonly #fly: (calls: readonly C[]) => Promise<R>;
  #waiting: Waiting<C, R>[] = [];
  #isBusy = false;
  #splits = 0;

  /**
   * @param rowsMax - of a shared batch. A call with more goes alone.
   * @param fly - writes all calls or, when it rejects, none
   */
  constructor(rowsMax: Readonly<Record<"prefill" | "tick", number>>, fly: (calls: readonly C[]) => Promise<R>) {
    this.#rowsMax = rowsMax;
    this.#fly = fly;
  }

  /** Shared batches that failed, and whose calls were run one by one. */
  get splits(): number {
    return this.#splits;
  }

  /** Settles with what became of the call's batch. */
  add(call: C): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call, resolve, reject });
      if (!this.#isBusy) void this.#next();
    });
  }

  async #next(): Promise<void> {
    const batch = this.#takeShared();
    this.#isBusy = batch.length > 0;
    if (!this.#isBusy) return;
    const calls = batch.map(({ call }) => call);
    let settle: Settle<C, R>;
    try {
      const result = await this.#fly(calls);
      settle = ({ resolve }) => resolve(result);
    } catch (reason) {
      settle = calls.length === 1 ? ({ reject }) => reject(reason) : await this.#runApart(calls);
    }
    if (batch.length > 1 || this.#waiting.length > 0) this.#gather();
    else this.#isBusy = false;
    batch.forEach(settle);
  }

  #gather(): void {
    // What a microtask leaves for the next tick comes after all microtasks of the turn.
    queueMicrotask(() => process.nextTick(() => this.#next()));
  }

  #takeShared(): Waiting<C, R>[] {
    if (this.#waiting.length < 2) return this.#waiting.splice(0);
    let lane: C["lane"];
    let room = 0;
    const taken = this.#waiting.filter(({ call }, i) => {
      if (i === 0) {
        lane = call.lane;
        room = lane === undefined ? 0 : this.#rowsMax[lane];
      } else if (lane === undefined || call.lane !== lane || call.rows > room) return false;
      room -= call.rows;
      return true;
    });
    this.#waiting = this.#waiting.filter((each) => !taken.includes(each));
    return taken;
  }

  /** One by one. */
  async #runApart(calls: readonly C[]): Promise<Settle<C, R>> {
    this.#splits += 1;
    const outcomes: PromiseSettledResult<R>[] = [];
    for (const call of calls) outcomes.push(...(await Promise.allSettled([this.#fly([call])])));
    return ({ resolve, reject }, place) => {
      const outcome = outcomes[place] as PromiseSettledResult<R>;
      if (outcome.status === "fulfilled") resolve(outcome.value);
      else reject(outcome.reason);
    };
  }
}
