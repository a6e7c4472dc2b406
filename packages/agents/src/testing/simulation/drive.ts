import type { VirtualClock } from "./virtual-clock.ts";

/**
 * Runs a simulated task to its end: lets it go on until nothing can run, then jumps to the next virtual timer.
 *
 * How it knows that nothing can run. Effection resumes tasks synchronously, and all else in a simulated run is promises
 * that settle from one another or from the virtual clock. Node drains the whole microtask queue, however long the chain,
 * before it goes on to the next macrotask. So when a `setImmediate` comes round, every task waits for a virtual timer -
 * unless somebody has asked the real clock, which `watchWallTime` reports.
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

function quiet(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve));
}

const real = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
};
const realNow = Date.now;
const realRandom = Math.random;

/** Reports every use of the real clock and of `Math.random` until the returned function is called. */
export function watchWallTime(report: (name: string) => void): () => void {
  const watched = <F extends (...args: never[]) => unknown>(name: string, original: F): F =>
    Object.assign((...args: never[]) => {
      report(name);
      return original(...args);
    }, original);
  Object.assign(globalThis, {
    setTimeout: watched("setTimeout", real.setTimeout),
    setInterval: watched("setInterval", real.setInterval),
    setImmediate: watched("setImmediate", real.setImmediate),
  });
  Date.now = watched("Date.now", realNow);
  Math.random = watched("Math.random", realRandom);
  return () => {
    Object.assign(globalThis, real);
    Date.now = realNow;
    Math.random = realRandom;
  };
}
