/** A failure that may be gone at the next attempt. */
export class TransientError extends Error {
  /** How long the other side asks to be left alone. */
  readonly waitMs: number | undefined;

  constructor(message: string, waitMs?: number) {
    super(message);
    this.name = "TransientError";
    this.waitMs = waitMs;
  }
}

/** Attempts in a row that bring next to nothing; then the mirror is given up. */
export const fruitlessMax = 6;

/** Whoever asks for a longer pause is left for the next mirror. */
export const pauseMaxMs = 60_000;

const brokenConnection = ["ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "ERR_STREAM_PREMATURE_CLOSE"];
const noConnection = ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN"];

/**
 * Whether another attempt makes sense.
 *
 * @param isFirst - nothing was ever tried before: a host that cannot be reached is then a reason to ask another mirror,
 *   while later it is a network that went away and may come back
 */
export function isTransient(error: unknown, isFirst: boolean): boolean {
  if (error instanceof TransientError) return true;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return brokenConnection.includes(code) || (!isFirst && noConnection.includes(code));
}

/** The pause before the next attempt: 1 s, doubled with each fruitless one after the first, and never less than asked for. */
export function pauseMs(fruitless: number, askedMs = 0): number {
  return Math.max(1000 * 2 ** Math.max(fruitless - 1, 0), askedMs);
}

/** Milliseconds from a `Retry-After` header, which holds seconds or a date; undefined where it holds neither. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
