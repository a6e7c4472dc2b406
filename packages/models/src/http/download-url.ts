import { stat } from "node:fs/promises";
import type { Fetched, MirrorJob } from "../mirrors/mirror-job.ts";
import { fruitlessMax, isTransient, pauseMs, type TransientError } from "./retry.ts";
import { leastBytes } from "./stall.ts";
import { takePiece, type UrlSource } from "./take-piece.ts";

/**
 * Brings a file over HTTP, going on where an earlier attempt or an earlier run was cut.
 *
 * @throws Error when the other side refuses, or when some attempts in a row bring next to nothing
 */
export async function downloadUrl(source: UrlSource, job: MirrorJob): Promise<Fetched> {
  const heldAtFirst = await bytesOf(job.target);
  let fruitless = 0;
  for (let attempt = 1; ; attempt++) {
    const before = await bytesOf(job.target);
    try {
      const identity = await takePiece(source, job);
      return { identity, inOnePiece: attempt === 1 && heldAtFirst === 0 };
    } catch (error) {
      job.signal?.throwIfAborted();
      if (!isTransient(error, attempt === 1)) throw error;
      fruitless = (await bytesOf(job.target)) - before < leastBytes ? fruitless + 1 : 0;
      if (fruitless === fruitlessMax) throw givenUp(error as Error, attempt);
      await job.clock.sleep(pauseMs(fruitless, (error as TransientError).waitMs), job.signal);
    }
  }
}

async function bytesOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function givenUp(error: Error, attempts: number): Error {
  return new Error(`${error.message} (given up after ${attempts} attempts)`, { cause: error });
}
