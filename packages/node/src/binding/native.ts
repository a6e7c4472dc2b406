// The addon as TypeScript sees it. Its implementation is in native/napi.
import type {
  GrammarTrigger,
  ResolvedSampling,
  RunOptions,
  SequenceImage,
  SequenceMetrics,
  StructuralToken,
  TokenBias,
} from "@lloyal-labs/sdk";

export interface NativeProduced {
  token: number;
  text: string;
  isStop: boolean;
}

/**
 * In the first line numbers, with a space behind each: for every sequence how many tokens it produced, then of each the
 * token, 1 if it stops and 0 if not, and the length of its text. Behind that line all texts, end to end.
 */
export type NativeRun = string;

export interface NativeContextOptions {
  nCtx: number;
  nBatch: number;
  nUbatch: number;
  nSeqMax: number;
  nThreads: number;
  nThreadsBatch: number;
  typeK: string;
  typeV: string;
  flashAttn: "auto" | "on" | "off";
  rope: NativeRope | undefined;
  /** Undefined: where the CPU computes. */
  deterministic: boolean | undefined;
  lora: { path: string; scale: number }[];
}

/** A 0 stands for what the model file says. */
export interface NativeRope {
  type: "none" | "linear" | "yarn";
  factor: number;
  freqBase: number;
  originalContext: number;
}

export interface NativeLimits {
  nCtx: number;
  nBatch: number;
  nUbatch: number;
  nSeqMax: number;
  nVocab: number;
  nThreads: number;
  nThreadsBatch: number;
  deterministic: boolean;
  backend: string;
  devices: string[];
  cellsPerToken: 0 | 1;
  recurrent: boolean;
  swaWindow: number;
  encoder: boolean;
  /** Short. */
  llamaCommit: string;
  draftRows: number;
}

/** All arguments are checked before; the addon supplies no defaults. */
export interface NativeContext {
  limits(): NativeLimits;
  decodeMs(): number;
  open(sampling: ResolvedSampling, grammar: string | undefined): number;
  fork(sequence: number): number;
  close(sequence: number): void;
  setGrammar(sequence: number, grammar: string | undefined): void;
  setSampling(sequence: number, sampling: ResolvedSampling): void;
  setLazyGrammar(sequence: number, grammar: string, triggers: readonly GrammarTrigger[]): void;
  setLogitBias(sequence: number, biases: TokenBias[]): void;
  setSteer(sequence: number, biases: TokenBias[]): void;
  reseed(sequence: number, seed: number): void;
  accept(sequence: number, token: number): void;
  produce(sequence: number): NativeProduced;
  sample(sequence: number): number;
  entropy(sequence: number): number;
  surprisal(sequence: number, token: number): number;
  metrics(sequence: number): SequenceMetrics;
  row(sequence: number): Float32Array;
  /** Parallel arrays: sequence i gets tokens i, at most nBatch i of them in one batch; 0 for no limit of its own. */
  prefill(sequences: number[], tokens: Int32Array[], nBatch: number[]): Promise<void>;
  /** Parallel arrays, here and in `run`. */
  commit(sequences: number[], tokens: number[]): Promise<void>;
  run(
    sequences: number[],
    tokens: number[],
    maxTicks: number,
    maxTokens: number,
    until: RunOptions["until"],
    draft: RunOptions["draft"],
  ): Promise<NativeRun>;
  countCells(): Promise<number>;
  save(sequence: number, from: number): Promise<SequenceImage>;
  restore(image: SequenceImage, parent: number | undefined): Promise<number>;
  compact(): Promise<void>;
  dispose(): Promise<void>;
  /** For tests: see native/core/fault_plan.h. Undefined clears the plan. */
  failDecodes(fault: NativeFault | undefined): void;
}

export interface NativeFault {
  kind: "no-space" | "compute" | "not-finite";
  /** Decodes that work before the one that fails. */
  spared: number;
  /** Whether all that follow fail, too. */
  lasting: boolean;
}

export interface NativeModel {
  describe(): {
    size: number;
    bos?: number;
    chatTemplate?: string;
    structural: StructuralToken[];
    suppressed: number[];
  };
  tokenize(text: string, parseSpecial: boolean): Int32Array;
  bytes(token: number, special: boolean): Uint8Array;
  isStop(token: number): boolean;
  createContext(options: NativeContextOptions): Promise<NativeContext>;
  /** Contexts keep the weights alive; after this only they do. */
  dispose(): void;
}

export interface NativeLoad {
  promise: Promise<NativeModel>;
  cancel(): void;
}

export interface NativeDevice {
  name: string;
  /** Its family, such as `cuda`. */
  backend: string;
  isGpu: boolean;
  /** The file that its code is in; empty where that is the addon itself. */
  library: string;
}

export interface NativeLoadOptions {
  path: string;
  vocabOnly: boolean;
  /** Names out of `devices()`; none: all is computed on the CPU. */
  gpus: string[];
  gpuLayers: number;
  mmap: boolean;
  mlock: boolean;
}

export interface NativeAddon {
  /** Of the package that it was built for. Missing in what is no addon of ours. */
  version?: string;
  devices(): NativeDevice[];
  /** Why `devices()` lacks one, in the words of the system's loader; empty for nothing. */
  backendLog(): string;
  loadModel(options: NativeLoadOptions, onProgress?: (fraction: number) => void): NativeLoad;
}
