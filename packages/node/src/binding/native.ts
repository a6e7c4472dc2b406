// The addon as TypeScript sees it. Its implementation is in native/napi.
import type { StructuralToken } from "@lloyal-labs/sdk";

export interface NativeProduced {
  token: number;
  text: string;
  isStop: boolean;
}

/** Every field present and checked; the addon supplies no defaults. */
export interface NativeSampling {
  temperature: number;
  topK: number;
  topP: number;
  minP: number;
  seed: number;
}

export interface NativeContextOptions {
  nCtx: number;
  nBatch: number;
  nUbatch: number;
  nSeqMax: number;
  nThreads: number;
  typeK: string;
  typeV: string;
}

export interface NativeLimits {
  nCtx: number;
  nBatch: number;
  nUbatch: number;
  nSeqMax: number;
  nVocab: number;
  nThreads: number;
  backend: string;
}

export interface NativeContext {
  limits(): NativeLimits;
  open(sampling: NativeSampling, grammar: string | undefined): number;
  fork(sequence: number): number;
  close(sequence: number): void;
  setGrammar(sequence: number, grammar: string | undefined): void;
  setSampling(sequence: number, sampling: NativeSampling): void;
  produce(sequence: number): NativeProduced;
  row(sequence: number): Float32Array;
  /** Parallel arrays: sequence i gets tokens i. */
  prefill(sequences: number[], tokens: Int32Array[]): Promise<void>;
  commit(sequences: number[], tokens: Int32Array[]): Promise<void>;
  run(
    sequences: number[],
    tokens: Int32Array[],
    maxTicks: number,
    until: ((entry: number, text: string) => boolean) | undefined,
  ): Promise<NativeProduced[][]>;
  countCells(): Promise<number>;
  dispose(): Promise<void>;
}

export interface NativeModel {
  describe(): { size: number; bos?: number; chatTemplate?: string; structural: StructuralToken[] };
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

export interface NativeAddon {
  loadModel(path: string, vocabOnly: boolean, onProgress?: (fraction: number) => void): NativeLoad;
}
