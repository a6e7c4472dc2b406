import {
  type Capabilities,
  type CommitEntry,
  type Engine,
  InvalidArgumentError,
  type PrefillEntry,
  type Produced,
  type RunOptions,
  type SamplingParams,
  type SequenceHandle,
  type Token,
} from "@lloyal-labs/sdk";
import { typed, typedAsync } from "./binding/map-error.ts";
import type { NativeContext } from "./binding/native.ts";
import { checkNumbers } from "./check-fields.ts";
import { checkSampling } from "./sampling-options.ts";

const runFields = { maxTicks: { fallback: 1, min: 1, max: 2 ** 30, integer: true } };

/** The Engine port over llama.cpp. The addon does the work; this checks what it is given and types what it throws. */
export class NativeEngine implements Engine {
  readonly #context: NativeContext;
  #disposal: Promise<void> | undefined;
  readonly capabilities: Capabilities;

  constructor(context: NativeContext) {
    this.#context = context;
    this.capabilities = { ...context.limits(), canForkAt: "any", logits: true };
  }

  open(sampling?: SamplingParams, grammar?: string): SequenceHandle {
    return typed(() => this.#context.open(checkSampling(sampling), grammar));
  }

  fork(parent: SequenceHandle): SequenceHandle {
    return typed(() => this.#context.fork(parent));
  }

  close(sequence: SequenceHandle): void {
    typed(() => this.#context.close(sequence));
  }

  prefill(entries: readonly PrefillEntry[]): Promise<void> {
    return typedAsync(() => this.#context.prefill(...columns(entries, (entry) => entry.tokens)));
  }

  commit(entries: readonly CommitEntry[]): Promise<void> {
    return typedAsync(() => this.#context.commit(...columns(entries, (entry) => [entry.token])));
  }

  run(entries: readonly CommitEntry[], options: RunOptions = {}): Promise<Produced[][]> {
    return typedAsync(() => {
      const { maxTicks } = checkNumbers(runFields, { maxTicks: options.maxTicks });
      return this.#context.run(...columns(entries, (entry) => [entry.token]), maxTicks, options.until);
    });
  }

  produce(sequence: SequenceHandle): Produced {
    return typed(() => this.#context.produce(sequence));
  }

  setGrammar(sequence: SequenceHandle, grammar: string | undefined): void {
    typed(() => this.#context.setGrammar(sequence, grammar));
  }

  setSampling(sequence: SequenceHandle, sampling: SamplingParams): void {
    typed(() => this.#context.setSampling(sequence, checkSampling(sampling)));
  }

  row(sequence: SequenceHandle): Float32Array {
    return typed(() => this.#context.row(sequence));
  }

  countCells(): Promise<number> {
    return typedAsync(() => this.#context.countCells());
  }

  dispose(): Promise<void> {
    this.#disposal ??= typedAsync(() => this.#context.dispose());
    return this.#disposal;
  }
}

function columns<E extends { sequence: SequenceHandle }>(
  entries: readonly E[],
  tokensOf: (entry: E) => readonly Token[],
): [number[], Int32Array[]] {
  return [entries.map((entry) => entry.sequence), entries.map((entry) => tokenArray(tokensOf(entry)))];
}

/** Checked here because an Int32Array turns 1.5 into 1, 2^32 into 0 and undefined into 0 without a word. */
function tokenArray(tokens: readonly Token[]): Int32Array {
  for (const token of tokens) {
    if ((token | 0) !== token) throw new InvalidArgumentError("a token is a 32-bit integer.", { token: String(token) });
  }
  return Int32Array.from(tokens);
}
