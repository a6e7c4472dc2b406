import type { Environment } from "../cache.ts";
import type { Clock } from "../clock.ts";
import type { FileIdentity } from "../model-entry.ts";
import type { OnModelProgress } from "../progress.ts";

/** What every kind of mirror is given to do its work. */
export interface MirrorJob {
  /** The file to bring, inside `folder`. */
  target: string;
  /** Private to this process and this mirror; removed after it. */
  folder: string;
  /** What the file must be; undefined where only the mirror can tell. */
  pinned?: FileIdentity;
  env: Environment;
  clock: Clock;
  onProgress: OnModelProgress;
  signal?: AbortSignal;
}

/** What a mirror says of the file that it brought. Nothing of it is believed before the digest was checked. */
export interface Fetched {
  identity: FileIdentity;
  /** False where bytes of several answers were joined: with another digest they are worth one fresh try. */
  inOnePiece: boolean;
}
