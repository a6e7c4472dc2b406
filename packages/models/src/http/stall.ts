import type { Clock } from "../clock.ts";
import { TransientError } from "./retry.ts";

export const windowMs = 30_000;

/** Less than this in a window is not a slow connection but a dead one, or one that is kept open on purpose. */
export const leastBytes = 64 * 1024;

/**
 * Runs one attempt, and ends it when a whole window brings next to nothing.
 *
 * @param attempt - reports the bytes that come. Its signal is aborted when it stalls, and also when it is over: nothing
 *   that it opened stays open
 * @throws TransientError when it was ended for that; else what the attempt throws
 */
export async function unlessStalled<T>(
  { clock, signal }: { clock: Clock; signal?: AbortSignal },
  attempt: (signal: AbortSignal, onBytes: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  let arrived = 0;
  const watch = async () => {
    for (let before = 0; ; before = arrived) {
      await clock.sleep(windowMs, end.signal);
      const brought = arrived - before;
      if (brought < leastBytes) throw new TransientError(`it stalled: ${brought} bytes in ${windowMs / 1000} s`);
    }
  };
  const watching = watch().catch((reason: unknown) => end.abort(reason));
  try {
    return await attempt(signal ? AbortSignal.any([signal, end.signal]) : end.signal, (bytes) => {
      arrived += bytes;
    });
  } catch (error) {
    // A connection that is cut on purpose complains in many ways; only the reason counts.
    throw end.signal.aborted ? end.signal.reason : error;
  } finally {
    end.abort();
    await watching;
  }
}
