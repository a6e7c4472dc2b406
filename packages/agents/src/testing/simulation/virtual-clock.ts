import { action, type Operation } from "effection";
import type { Rng } from "./rng.ts";

interface Timer {
  at: number;
  /** Decides between timers of one moment. Drawn, not counted: no order of ties may be relied upon. */
  order: number;
  fire(): void;
}

/**
 * Time of its own, in milliseconds. Nothing moves it but `advance`, which the driver calls when nothing else can run
 * (see `drive.ts`): a huge latency costs no more than a small one.
 */
export class VirtualClock {
  readonly #rng: Rng;
  #timers: Timer[] = [];
  #now = 0;

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  get now(): number {
    return this.#now;
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.length;
  }

  /** For what cannot be halted: a decode. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#add(ms, resolve));
  }

  /** For operations: a halt removes the timer. */
  sleep(ms: number): Operation<void> {
    return action<void>((resolve) => {
      const timer = this.#add(ms, resolve);
      return () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      };
    });
  }

  /** Jumps to the next timer and fires it. False when there is none. */
  advance(): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (!next || isBefore(timer, next)) next = timer;
    if (!next) return false;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.#now = next.at;
    next.fire();
    return true;
  }

  #add(ms: number, fire: () => void): Timer {
    const timer = { at: this.#now + ms, order: this.#rng.unit(), fire };
    this.#timers.push(timer);
    return timer;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
