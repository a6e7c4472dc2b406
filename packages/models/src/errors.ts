/** Stable codes of what can go wrong between a model's name and its file. */
export type ModelErrorCode =
  | "MODEL_NOT_FOUND"
  | "MODEL_INVALID"
  | "MODEL_DOWNLOAD_FAILED"
  | "MODEL_CACHE_FAILED"
  | "CANCELLED";

export interface ModelErrorOptions {
  /** The numbers and names that explain the error; also spelled out in the message. */
  facts?: Readonly<Record<string, string | number>>;
  /** What the reader can do, in the reader's words. */
  remedy?: string;
  cause?: unknown;
}

// The mark of `@lloyal-labs/sdk`, which this package does not depend on: its `isInferenceError` knows these errors by it.
const mark = Symbol.for("lloyal.inference-error");

/** A condition that a user can meet and mend: no such model, a broken file, no network, a full disk. */
export class ModelError extends Error {
  readonly code: ModelErrorCode;
  readonly facts: Readonly<Record<string, string | number>>;
  readonly remedy: string | undefined;
  readonly [mark] = true;

  constructor(code: ModelErrorCode, message: string, options: ModelErrorOptions = {}) {
    const remedy = options.remedy ? ` ${options.remedy}` : "";
    super(`${code}: ${message}${remedy}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ModelError";
    this.code = code;
    this.facts = options.facts ?? {};
    this.remedy = options.remedy;
  }
}
