import { setImmediate } from "node:timers/promises";
import type { Clock } from "../src/clock.ts";
import { windowMs } from "../src/http/stall.ts";

export interface TestClock extends Clock {
  /** Every pause that was made, in milliseconds. None took any time. */
  pauses: number[];
  /** Happens in place of the passing of time. */
  onPause: () => void | Promise<void>;
  /** Lets the window of every attempt under way pass. */
  passWindow(): void;
}

/** Pauses end at once; the window that watches over an attempt passes only when the test says so. */
export function testClock(now = Date.parse("2026-01-01T00:00:00Z")): TestClock {
  const pauses: number[] = [];
  const windows = new Set<() => void>();
  const clock: TestClock = {
    pauses,
    onPause: () => setImmediate(),
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      if (ms !== windowMs) {
        pauses.push(ms);
        return clock.onPause();
      }
      await new Promise<void>((resolve, reject) => {
        windows.add(resolve);
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
    passWindow() {
      for (const pass of windows) pass();
      windows.clear();
    },
  };
  return clock;
}
