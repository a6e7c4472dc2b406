import type { VirtualClock } from "./virtual-clock.ts";

/**
 * Runs a simulated task to its end: lets it go on until nothing can run, then jumps to the next virtual timer.
 *
 * How it knows that nothing can run. Effection resumes tasks synchronously, and all else in a simulated run is promises
 * that settle from one another or from the virtual clock, and turns of the event loop that a task lets go by. Node drains
 * the whole microtask queue, however long the chain, before it goes on to the next macrotask. So when a `setImmediate` comes
 * round and no task is owed a turn, every task waits for a virtual timer - unless somebody has asked the real clock, which
 * `watchWallTime` reports.
 *
 * @returns false when the task has not ended and no timer is left: nothing will ever wake it.
 */
export async function drive(
  task: PromiseLike<unknown>,
  clock: VirtualClock,
  beforeJump: () => Promise<void>,
): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  task.then(settle, settle);
  for (;;) {
    await quiet();
    if (settled) return true;
    if (clock.pending === 0) return false;
    await beforeJump();
    clock.advance();
  }
}

const realImmediate = globalThis.setImmediate;
const realClear = globalThis.clearImmediate;

/** Turns of the event loop that tasks wait for. Their order is that of the asking: they tell no time. */
const turns = new Set<unknown>();

async function quiet(): Promise<void> {
  do await new Promise((resolve) => realImmediate(resolve));
  while (turns.size > 0);
}

const real = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: realImmediate,
  clearImmediate: realClear,
};
const realNow = Date.now;
const realRandom = Math.random;

/** Reports every use of the real clock and of `Math.random` until the returned function is called, and counts turns. */
export function watchWallTime(report: (name: string) => void): () => void {
  const watched = <F extends (...args: never[]) => unknown>(name: string, original: F): F =>
    Object.assign((...args: never[]) => {
      report(name);
      return original(...args);
    }, original);
  Object.assign(globalThis, {
    setTimeout: watched("setTimeout", real.setTimeout),
    setInterval: watched("setInterval", real.setInterval),
    setImmediate: (callback: () => void) => {
      const turn = realImmediate(() => {
        turns.delete(turn);
        callback();
      });
      turns.add(turn);
      return turn;
    },
    clearImmediate: (turn: NodeJS.Immediate) => {
      turns.delete(turn);
      realClear(turn);
    },
  });
  Date.now = watched("Date.now", realNow);
  Math.random = watched("Math.random", realRandom);
  return () => {
    Object.assign(globalThis, real);
    Date.now = realNow;
    Math.random = realRandom;
  };
}
