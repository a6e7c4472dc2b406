import { availableParallelism } from "node:os";
import { InvalidArgumentError } from "@lloyal-labs/sdk";
import type { NativeContextOptions } from "./binding/native.ts";
import { checkNumbers, type NumberField, refuseUnknown } from "./check-fields.ts";

export type CacheType = "f32" | "f16" | "q8_0" | "q4_0";

export interface LoadOptions {
  /** Path of a `.gguf` file. */
  modelPath: string;
  /** Hears the share that is loaded, in [0, 1], at most once per percent. */
  onProgress?: (fraction: number) => void;
  /** Ends the loading; the promise then rejects with CANCELLED. */
  signal?: AbortSignal;
}

export interface ContextOptions extends LoadOptions {
  /** KV cells, shared by all sequences, in [1, 2^22]. llama.cpp rounds up to a multiple of 256. Default 4096. */
  nCtx?: number;
  /** Most rows of one prefill batch, in [1, 65536]. Default 512. */
  nBatch?: number;
  /** Most rows of one commit batch and of one compute step, in [1, 65536]. Default 512. */
  nUbatch?: number;
  /** Most sequences alive at once, in [1, 256]. Each reserves one row of logits. Default 16. */
  nSeqMax?: number;
  /** Compute threads, in [1, 512]. Default: the cores available to this process. */
  nThreads?: number;
  /** Precision of the cached keys. Fewer bits hold more cells in the same memory, at a loss of quality. Default f16. */
  typeK?: CacheType;
  /** Precision of the cached values. Default f16. */
  typeV?: CacheType;
}

const count = (fallback: number, max: number): NumberField => ({ fallback, min: 1, max, integer: true });

const numbers = {
  nCtx: count(4096, 2 ** 22),
  nBatch: count(512, 65536),
  nUbatch: count(512, 65536),
  nSeqMax: count(16, 256),
  nThreads: count(Math.min(availableParallelism(), 512), 512),
};

const cacheTypes: readonly CacheType[] = ["f32", "f16", "q8_0", "q4_0"];
const loadFields = ["modelPath", "onProgress", "signal"];

function checkCacheType(name: "typeK" | "typeV", value: CacheType = "f16"): CacheType {
  if (!cacheTypes.includes(value)) {
    throw new InvalidArgumentError(`${name} must be one of ${cacheTypes.join(", ")}.`, { value: String(value) });
  }
  return value;
}

export function checkLoadOptions(options: LoadOptions): LoadOptions {
  if (typeof options !== "object" || options === null) throw new InvalidArgumentError("options must be an object.");
  const { modelPath, onProgress, signal } = options;
  if (typeof modelPath !== "string" || modelPath === "") throw new InvalidArgumentError("modelPath must be a path.");
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new InvalidArgumentError("onProgress must be a function.");
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidArgumentError("signal must be an AbortSignal.");
  }
  return { modelPath, onProgress, signal };
}

/** The options with their defaults. INVALID_ARGUMENT for one that is unknown, of the wrong type or out of range. */
export function checkContextOptions(options: ContextOptions): { load: LoadOptions; context: NativeContextOptions } {
  const load = checkLoadOptions(options);
  refuseUnknown(options, [...loadFields, ...Object.keys(numbers), "typeK", "typeV"], "createContext");
  return {
    load,
    context: {
      ...checkNumbers(numbers, options),
      typeK: checkCacheType("typeK", options.typeK),
      typeV: checkCacheType("typeV", options.typeV),
    },
  };
}
