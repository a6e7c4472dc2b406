import { readFileSync } from "node:fs";
import { quantile } from "../figures.ts";

/** Of all turns of a timer that is due every millisecond. */
export interface LoopDelay {
  /** How much later than due it fired: for so long the event loop was held up. */
  delayMs: Quantiles;
  /**
   * The same without the time in which the thread could have run and was given no core: what the loop itself held up.
   * Undefined where the system does not tell.
   */
  ownMs?: Quantiles;
  /** Of the longest delay: on a core, and runnable without one. The rest of it the thread slept, as before a lock. */
  longest?: Thread;
  samples: number;
}

interface Thread {
  ranMs: number;
  waitedMs: number;
}

interface Quantiles {
  p50: number;
  p99: number;
  max: number;
}

const dueMs = 1;

/** Watches the event loop of the main thread until the returned function is called. */
export function watchLoop(): () => LoopDelay {
  const delays: number[] = [];
  const threads: Thread[] = [];
  let [at, before] = [performance.now(), threadTime()];
  const timer = setInterval(() => {
    const [now, after] = [performance.now(), threadTime()];
    delays.push(Math.max(0, now - at - dueMs));
    if (before && after)
      threads.push({ ranMs: after.ranMs - before.ranMs, waitedMs: after.waitedMs - before.waitedMs });
    [at, before] = [now, after];
  }, dueMs);
  return () => {
    clearInterval(timer);
    const delayMs = quantilesOf(delays);
    const own = threads.map(({ waitedMs }, i) => Math.max(0, (delays[i] ?? 0) - waitedMs));
    const longest = threads[delays.indexOf(delays.reduce((a, b) => Math.max(a, b), 0))];
    return { delayMs, ...(longest && { ownMs: quantilesOf(own), longest }), samples: delays.length };
  };
}

/** What this thread ran, and stood in the queue of a core, so far, where Linux counts it. */
function threadTime(): Thread | undefined {
  try {
    // The main thread has the number of its process.
    const [ran, waited] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ").map(Number);
    return { ranMs: (ran ?? 0) / 1e6, waitedMs: (waited ?? 0) / 1e6 };
  } catch {
    return undefined;
  }
}

function quantilesOf(values: readonly number[]): Quantiles {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99), max: quantile(values, 1) };
}
