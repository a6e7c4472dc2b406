/** Fewer bits hold more cells in the same memory, at a loss of quality: 32, 16, 8.5 and 4.5 bits per number. */
export type CacheType = "f32" | "f16" | "q8_0" | "q4_0";

/** A low-rank change of the weights, in a GGUF file of its own, made for this model. */
export interface LoraAdapter {
  path: string;
  /** How strongly it acts, a number in [-100, 100]; 1 is as it was trained, 0 not at all. Default 1. */
  scale?: number;
}

/** How positions turn keys and queries. What is left out stays as the model file has it. */
export interface RopeScaling {
  /** `linear` and `yarn` reach further than the model was trained for; `none` undoes what the file asks for. */
  type: "none" | "linear" | "yarn";
  /** Positions reach this many times as far, a number in [1, 1024]. Not with `none`. */
  factor?: number;
  /** Base of the frequencies, a number in [1, 1e12]. */
  freqBase?: number;
  /** Tokens of context that the model was trained with, in [1, 2^22]. With `yarn` only. */
  originalContext?: number;
}

export interface DeviceOptions {
  /**
   * Layers that a GPU holds, in [0, 1024]; more than the model has are all, 0 is none, and then no GPU is used at all.
   * Default: all where there is a GPU, else none.
   */
  gpuLayers?: number;
  /** What computes: a GPU by its name in `capabilities.devices`, such as `CUDA0`, or `cpu`. Default: all GPUs. */
  device?: string;
  /** Computes on the CPU where the GPU that is asked for is not there, in place of BACKEND_UNAVAILABLE. Default false. */
  allowCpuFallback?: boolean;
}

export interface LoadOptions extends DeviceOptions {
  /** Path of a `.gguf` file. */
  modelPath: string;
  /**
   * Maps the file: it is read as it is needed, and processes share it. Else it is copied, and may change afterwards.
   * Default true.
   */
  mmap?: boolean;
  /** Pins the weights in memory, so that they are never swapped out. Refused where the system does not. Default false. */
  mlock?: boolean;
  /** Applied to every sequence of the context, in this order, at most 64. Default: none. */
  lora?: readonly LoraAdapter[];
  /** Hears the share that is loaded, in [0, 1], at most once per percent. */
  onProgress?: (fraction: number) => void;
  /** Ends the loading; the promise then rejects with CANCELLED. */
  signal?: AbortSignal;
}

export interface ContextOptions extends LoadOptions {
  /** KV cells, shared by all sequences, in [1, 2^22]. llama.cpp rounds up to a multiple of 256. Default 4096. */
  nCtx?: number;
  /** Most rows of one prefill batch, in [1, 65536]; at most nCtx. Default 512. */
  nBatch?: number;
  /** Most rows of one commit batch and of one compute step, in [1, 65536]; at most nBatch. Default 512. */
  nUbatch?: number;
  /** Most sequences alive at once, in [1, 255]; 128 for models that keep a state. Each reserves one row of logits. Default 16. */
  nSeqMax?: number;
  /** Compute threads for batches of one row, in [1, 512]. Default: the cores available to this process. */
  nThreads?: number;
  /** Compute threads for all other batches: prefills, and ticks of several branches, in [1, 512]. Default: nThreads. */
  nThreadsBatch?: number;
  /** Precision of the cached keys. Default f16. */
  typeK?: CacheType;
  /** Precision of the cached values; `q8_0` and `q4_0` need flash attention. Default f16. */
  typeV?: CacheType;
  /**
   * Attention without a matrix of all scores. On x86-64 CPUs it is computed by kernels of our own, several times as fast
   * for branches that share a prefix, and results do not depend on where cells lie; without it, they do in rounding.
   * Default: where the device can.
   */
  flashAttn?: boolean;
  /**
   * Cuts a prefill where its positions are multiples of nUbatch, or of the branch's own nBatch, and lets no two branches
   * share a batch: the same tokens make the same batches, so that equal calls on equal caches give equal bits, and calls
   * that end at such positions give what one call gives. Else the prefills of many branches are packed into few batches.
   * Default: true where the CPU computes, which loses little by it.
   */
  deterministic?: boolean;
  /** Default: as the model file has it. Refused for models without rotary positions. */
  ropeScaling?: RopeScaling;
  /** Only false, which is the default: an engine writes text, and has no member that reads embeddings. */
  embeddings?: boolean;
  /** Only `none`, which is the default: pooling is for embeddings. */
  poolingType?: "none" | "mean" | "cls" | "last" | "rank";
}
