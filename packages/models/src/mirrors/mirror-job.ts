import type { Environment } from "../cache.ts";
import type { OnModelProgress } from "../progress.ts";

/** What every kind of mirror is given to do its work. */
export interface MirrorJob {
  /** The file to create. Nothing stands there yet. */
  target: string;
  /** A mirror that brings more than this is wrong, however it goes on. */
  sizeBytes: number;
  /** Private to this attempt; removed after it. */
  folder: string;
  env: Environment;
  onProgress: OnModelProgress;
  signal?: AbortSignal;
}
