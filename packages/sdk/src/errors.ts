/** Stable codes of operating conditions. A code never changes its meaning; new ones may be added. */
export type InferenceErrorCode =
  | "KV_EXHAUSTED"
  | "SEQUENCES_EXHAUSTED"
  | "BRANCH_DISPOSED"
  | "BRANCH_HAS_CHILDREN"
  | "BRANCH_IN_FLIGHT"
  | "NO_LOGITS"
  | "DECODE_FAILED"
  | "INVALID_ARGUMENT"
  | "GRAMMAR_INVALID"
  | "GRAMMAR_REJECTED"
  | "MODEL_NOT_FOUND"
  | "MODEL_INVALID"
  | "CONTEXT_DISPOSED"
  | "CANCELLED"
  | "BACKEND_UNAVAILABLE"
  | "BRANCH_PARKED"
  | "STATE_INVALID"
  | "STATE_MISMATCH"
  | "STATE_FILE";

export type ErrorFacts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface InferenceErrorOptions {
  /** The numbers and names that explain the error; also spelled out in the message. */
  facts?: ErrorFacts;
  /** What the reader can do, in the reader's words. */
  remedy?: string;
  cause?: unknown;
}

// Two copies of this package in one process still recognise each other's errors.
const mark = Symbol.for("lloyal.inference-error");

/**
 * An operating condition that a caller may meet: the KV cache is full, a grammar is wrong, a file is no model.
 * Broken promises inside our own code are assertions, not this.
 */
export class InferenceError extends Error {
  readonly code: InferenceErrorCode;
  readonly facts: ErrorFacts;
  readonly remedy: string | undefined;
  readonly [mark] = true;

  constructor(code: InferenceErrorCode, message: string, options: InferenceErrorOptions = {}) {
    const remedy = options.remedy ? ` ${options.remedy}` : "";
    super(`${code}: ${message}${remedy}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "InferenceError";
    this.code = code;
    this.facts = options.facts ?? {};
    this.remedy = options.remedy;
  }
}

/** Works across copies of this package, where `instanceof` would not. */
export function isInferenceError(error: unknown): error is InferenceError {
  return typeof error === "object" && error !== null && mark in error;
}

export class KvExhaustedError extends InferenceError {
  constructor(facts: { needed: number; available: number; doing: string }, cause?: unknown) {
    super("KV_EXHAUSTED", `${facts.doing} needs ${facts.needed} cells; ${facts.available} are free.`, {
      facts,
      cause,
      remedy: "Prune finished branches or raise nCtx.",
    });
  }
}

export class SequencesExhaustedError extends InferenceError {
  constructor(facts: { nSeqMax: number }) {
    super("SEQUENCES_EXHAUSTED", `all ${facts.nSeqMax} sequences are leased.`, {
      facts,
      remedy: "Prune finished branches or raise nSeqMax.",
    });
  }
}

export class BranchDisposedError extends InferenceError {
  constructor(facts: { branch: number; doing: string }) {
    super("BRANCH_DISPOSED", `${facts.doing} on branch ${facts.branch}, which was pruned.`, { facts });
  }
}

export class BranchHasChildrenError extends InferenceError {
  constructor(facts: { branch: number; children: number }) {
    super("BRANCH_HAS_CHILDREN", `branch ${facts.branch} has ${facts.children} living children.`, {
      facts,
      remedy: "Prune them first, or use pruneSubtree.",
    });
  }
}

export class BranchInFlightError extends InferenceError {
  constructor(facts: { branch: number; doing: string }) {
    super("BRANCH_IN_FLIGHT", `${facts.doing} on branch ${facts.branch} while a batch decodes it.`, {
      facts,
      remedy: "Await the prefill, commit or step first.",
    });
  }
}

export class BranchParkedError extends InferenceError {
  constructor(facts: { branch: number; doing: string }) {
    super("BRANCH_PARKED", `${facts.doing} on branch ${facts.branch}, which is parked.`, {
      facts,
      remedy: "Unpark it first.",
    });
  }
}

export class NoLogitsError extends InferenceError {
  constructor(facts: { branch: number }) {
    super("NO_LOGITS", `branch ${facts.branch} has no logits yet.`, { facts, remedy: "Prefill it first." });
  }
}

export class DecodeFailedError extends InferenceError {
  /**
   * @param facts - `lost`: a computation on states broke off, of this call or of an earlier one, and nothing can be written
   *   in this context any more. What its branches hold can still be read.
   */
  constructor(facts: { status: number; rows: number; doing: string; lost?: boolean }, cause?: unknown) {
    super("DECODE_FAILED", `${facts.doing} of ${facts.rows} rows failed with status ${facts.status}.`, {
      facts,
      cause,
      remedy: facts.lost
        ? "The states of this model may be lost. Open a new context; what these branches hold can still be read."
        : "Every branch is as it was before the call; the call may be repeated.",
    });
  }
}

export class InvalidArgumentError extends InferenceError {
  constructor(what: string, facts: ErrorFacts = {}, remedy?: string) {
    super("INVALID_ARGUMENT", what, { facts, remedy });
  }
}

export class GrammarInvalidError extends InferenceError {
  constructor(reason: string, facts: ErrorFacts = {}, cause?: unknown) {
    super("GRAMMAR_INVALID", reason, { facts, cause });
  }
}

export class GrammarRejectedError extends InferenceError {
  constructor(facts: { token: number }) {
    super("GRAMMAR_REJECTED", `the grammar does not allow token ${facts.token} here.`, { facts });
  }
}

export class ContextDisposedError extends InferenceError {
  constructor(facts: { doing: string }) {
    super("CONTEXT_DISPOSED", `${facts.doing} on a disposed context.`, { facts });
  }
}

/** A saved state is damaged, or was not written by this library. Nothing was restored. */
export class StateInvalidError extends InferenceError {
  constructor(reason: string, facts: ErrorFacts = {}, cause?: unknown) {
    super("STATE_INVALID", reason, { facts, cause, remedy: "Save it again, or prefill its text." });
  }
}

/** A saved state belongs to another model, build or context. Nothing was restored. */
export class StateMismatchError extends InferenceError {
  constructor(facts: { field: string; saved: string; here: string }) {
    super("STATE_MISMATCH", `the state was saved with ${facts.field} ${facts.saved}; here it is ${facts.here}.`, {
      facts,
      remedy: "Open the context as it was when the state was saved, or prefill its text.",
    });
  }
}

/** A state could not be written or read. What the file held before is still there. */
export class StateFileError extends InferenceError {
  constructor(facts: { path: string; doing: "write" | "read" }, cause: unknown) {
    super("STATE_FILE", `could not ${facts.doing} ${facts.path}: ${String(cause)}.`, { facts, cause });
  }
}
