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
  samples: number;
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
  const own: number[] = [];
  let [at, waited] = [performance.now(), waitedMs()];
  const timer = setInterval(() => {
    const [now, waitedNow] = [performance.now(), waitedMs()];
    const delay = Math.max(0, now - at - dueMs);
    delays.push(delay);
    if (waited !== undefined && waitedNow !== undefined) own.push(Math.max(0, delay - (waitedNow - waited)));
    [at, waited] = [now, waitedNow];
  }, dueMs);
  return () => {
    clearInterval(timer);
    return {
      delayMs: quantilesOf(delays),
      ...(own.length > 0 && { ownMs: quantilesOf(own) }),
      samples: delays.length,
    };
  };
}

/** How long this thread has stood in the queue of a core so far, where Linux counts it. */
function waitedMs(): number | undefined {
  try {
    // The main thread has the number of its process.
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[1]) / 1e6;
  } catch {
    return undefined;
  }
}

function quantilesOf(values: readonly number[]): Quantiles {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99), max: quantile(values, 1) };
}
