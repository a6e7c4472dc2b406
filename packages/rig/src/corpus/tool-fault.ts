/**
 * A call that could not be carried out as it was asked: a value, not an exception, because the model that called reads it
 * and calls again.
 */
export interface ToolFault {
  readonly ok: false;
  readonly code: "PATTERN_INVALID" | "PATTERN_TOO_LONG" | "PATH_UNKNOWN" | "LINES_INVALID";
  /** The facts and the remedy, in words for a model. */
  readonly message: string;
  readonly remedy: string;
}

export function toolFault(code: ToolFault["code"], facts: string, remedy: string): ToolFault {
  return { ok: false, code, message: `${facts} ${remedy}`, remedy };
}

/** What a caller wrote, fit to stand in a message: short, on one line, without control characters. */
export function quoted(value: string): string {
  const short = value.length > 80 ? `${value.slice(0, 80)}…` : value;
  return JSON.stringify(short);
}
