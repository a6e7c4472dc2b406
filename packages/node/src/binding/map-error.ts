import {
  BranchDisposedError,
  BranchInFlightError,
  ContextDisposedError,
  DecodeFailedError,
  GrammarInvalidError,
  GrammarRejectedError,
  InferenceError,
  InvalidArgumentError,
  KvExhaustedError,
  NoLogitsError,
  SequencesExhaustedError,
  StateInvalidError,
} from "@lloyal-labs/sdk";

/** What the addon throws and rejects with. `message` names what was being done, or says what is wrong. */
interface NativeError extends Error {
  code: string;
  facts: Record<string, number>;
  /** What llama.cpp logged meanwhile; empty for nothing. */
  log: string;
}

function isNativeError(error: unknown): error is NativeError {
  return error instanceof Error && "code" in error && "facts" in error && "log" in error;
}

/** The typed error for a native one. Anything else is passed through: it is our bug, or the caller's exception. */
function mapError(error: unknown): unknown {
  if (!isNativeError(error)) return error;
  const { code, message, facts } = error;
  const cause = error.log ? new Error(error.log) : undefined;
  const branch = facts.branch ?? -1;
  switch (code) {
    case "INVALID_ARGUMENT":
      return new InvalidArgumentError(`${message}${error.log ? ` (${error.log})` : ""}.`, facts);
    case "BRANCH_DISPOSED":
      return new BranchDisposedError({ branch, doing: message });
    case "BRANCH_IN_FLIGHT":
      return new BranchInFlightError({ branch, doing: message });
    case "SEQUENCES_EXHAUSTED":
      return new SequencesExhaustedError({ nSeqMax: facts.nSeqMax ?? 0 });
    case "KV_EXHAUSTED":
      return new KvExhaustedError(
        { needed: facts.needed ?? 0, available: facts.available ?? 0, doing: message },
        cause,
      );
    case "NO_LOGITS":
      return new NoLogitsError({ branch });
    case "DECODE_FAILED":
      return new DecodeFailedError(
        { status: facts.status ?? 0, rows: facts.rows ?? 0, doing: message, ...(facts.lost && { lost: true }) },
        cause,
      );
    case "GRAMMAR_INVALID":
      return new GrammarInvalidError(`${message}.`, facts, cause);
    case "GRAMMAR_REJECTED":
      return new GrammarRejectedError({ token: facts.token ?? -1 });
    case "STATE_INVALID":
      return new StateInvalidError(`${message}.`, facts, cause);
    case "CONTEXT_DISPOSED":
      return new ContextDisposedError({ doing: message });
    case "MODEL_NOT_FOUND":
    case "MODEL_INVALID":
    case "CANCELLED":
    case "BACKEND_UNAVAILABLE":
      return userError(new InferenceError(code, `${message}.`, { facts, cause, remedy: remedies[code] }));
    default:
      return error;
  }
}

const remedies = {
  MODEL_NOT_FOUND: "Check the path, or name a model of the catalogue.",
  MODEL_INVALID: "Use a GGUF file of a decoder model; download it again if it should be one.",
  CANCELLED: undefined,
  BACKEND_UNAVAILABLE: "Raise the limit (ulimit -l), or leave mlock out.",
};

/** A wrong path is no defect of the program: the message says all, frames of ours would only hide it. */
function userError(error: InferenceError): InferenceError {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

/** `work`, with its native errors made typed. */
export function typed<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw mapError(error);
  }
}

/** `typed` for a promise: also what is thrown before there is one becomes a rejection. `convert` must not throw. */
export function typedAsync<T>(work: () => Promise<T>): Promise<T>;
export function typedAsync<T, R>(work: () => Promise<T>, convert: (result: T) => R): Promise<R>;
export function typedAsync<T, R>(work: () => Promise<T>, convert?: (result: T) => R): Promise<T | R> {
  try {
    return work().then(convert, fail);
  } catch (error) {
    return fail(error);
  }
}

function fail(error: unknown): Promise<never> {
  return Promise.reject(mapError(error));
}
