import {
  type Capabilities,
  type CommitEntry,
  checkBiases,
  checkImage,
  checkTriggers,
  type Engine,
  type GrammarTrigger,
  InvalidArgumentError,
  type PrefillEntry,
  type Produced,
  type RunOptions,
  requireObjects,
  resolveSampling,
  type SamplingParams,
  type SequenceHandle,
  type SequenceImage,
  type SequenceMetrics,
  type Token,
  type TokenBias,
} from "@lloyal-labs/sdk";
import { typed, typedAsync } from "./binding/map-error.ts";
import type { NativeContext, NativeRun } from "./binding/native.ts";
import { checkNumber } from "./check-fields.ts";

const count = { min: 1, max: 2 ** 30, integer: true };

/** The Engine port over llama.cpp. The addon does the work; this checks what it is given and types what it throws. */
export class NativeEngine implements Engine {
  readonly #context: NativeContext;
  #disposal: Promise<void> | undefined;
  readonly capabilities: Capabilities;

  readonly fingerprint: Engine["fingerprint"];

  /** @param fingerprint - of the model and of the context's options; the build of llama.cpp is added */
  constructor(context: NativeContext, fingerprint: Engine["fingerprint"]) {
    this.#context = context;
    const { llamaCommit, ...limits } = context.limits();
    this.fingerprint = { ...fingerprint, "llama.cpp": llamaCommit, devices: limits.devices.join(" ") };
    this.capabilities = {
      ...limits,
      canForkAt: limits.recurrent ? "head" : "any",
      // The cache of a sliding window is as long as the other: nothing that a shorter sequence looks back to is lost.
      canTruncate: !limits.recurrent,
      canSaveForks: limits.cellsPerToken === 0 || (!limits.recurrent && limits.swaWindow === 0),
      logits: true,
      patternTriggers: true,
    };
  }

  /** Milliseconds spent in `llama_decode` so far, failed calls included. */
  decodeMs(): number {
    return typed(() => this.#context.decodeMs());
  }

  open(sampling?: SamplingParams, grammar?: string): SequenceHandle {
    return typed(() => this.#context.open(resolveSampling(sampling), grammar));
  }

  fork(parent: SequenceHandle): SequenceHandle {
    return typed(() => this.#context.fork(parent));
  }

  close(sequence: SequenceHandle): void {
    typed(() => this.#context.close(sequence));
  }

  prefill(entries: readonly PrefillEntry[]): Promise<void> {
    return typedAsync(() => {
      requireObjects("entries", entries);
      const limits = entries.map(({ nBatch }) => (nBatch === undefined ? 0 : checkNumber("nBatch", count, nBatch)));
      return this.#context.prefill(
        entries.map(({ sequence }) => sequence),
        entries.map(({ tokens }) => tokenArray(tokens)),
        limits,
      );
    });
  }

  commit(entries: readonly CommitEntry[]): Promise<void> {
    return typedAsync(() => this.#context.commit(...columns(entries)));
  }

  run(entries: readonly CommitEntry[], options: RunOptions = {}): Promise<Produced[][]> {
    return typedAsync(() => {
      const { maxTicks = 1, maxTokens = maxTicks } = options;
      checkNumber("maxTicks", count, maxTicks);
      checkNumber("maxTokens", count, maxTokens);
      const draft = this.capabilities.draftRows > 0 ? options.draft : undefined;
      const [sequences, tokens] = columns(entries);
      return this.#context.run(sequences, tokens, maxTicks, maxTokens, options.until, draft);
    }, producedOf);
  }

  produce(sequence: SequenceHandle): Produced {
    return typed(() => this.#context.produce(sequence));
  }

  setGrammar(sequence: SequenceHandle, grammar: string | undefined): void {
    typed(() => this.#context.setGrammar(sequence, grammar));
  }

  setSampling(sequence: SequenceHandle, sampling: SamplingParams): void {
    typed(() => this.#context.setSampling(sequence, resolveSampling(sampling)));
  }

  setLazyGrammar(sequence: SequenceHandle, grammar: string, triggers: readonly GrammarTrigger[]): void {
    typed(() => {
      checkTriggers(triggers, this.capabilities.nVocab);
      this.#context.setLazyGrammar(sequence, grammar, triggers);
    });
  }

  setLogitBias(sequence: SequenceHandle, biases: readonly TokenBias[]): void {
    typed(() => this.#context.setLogitBias(sequence, this.#summed(biases)));
  }

  setSteer(sequence: SequenceHandle, biases: readonly TokenBias[]): void {
    typed(() => this.#context.setSteer(sequence, this.#summed(biases)));
  }

  reseed(sequence: SequenceHandle, seed: number): void {
    typed(() => this.#context.reseed(sequence, resolveSampling({ seed }).seed));
  }

  accept(sequence: SequenceHandle, token: Token): void {
    typed(() => this.#context.accept(sequence, token));
  }

  sample(sequence: SequenceHandle): Token {
    return typed(() => this.#context.sample(sequence));
  }

  entropy(sequence: SequenceHandle): number {
    return typed(() => this.#context.entropy(sequence));
  }

  surprisal(sequence: SequenceHandle, token: Token): number {
    return typed(() => this.#context.surprisal(sequence, token));
  }

  metrics(sequence: SequenceHandle): SequenceMetrics {
    return typed(() => this.#context.metrics(sequence));
  }

  row(sequence: SequenceHandle): Float32Array {
    return typed(() => this.#context.row(sequence));
  }

  #summed(biases: readonly TokenBias[]): TokenBias[] {
    return [...checkBiases(biases, this.capabilities.nVocab)].map(([token, bias]) => ({ token, bias }));
  }

  countCells(): Promise<number> {
    return typedAsync(() => this.#context.countCells());
  }

  save(sequence: SequenceHandle, from: number): Promise<SequenceImage> {
    return typedAsync(() => this.#context.save(sequence, from));
  }

  restore(image: SequenceImage, parent?: SequenceHandle): Promise<SequenceHandle> {
    return typedAsync(() => {
      checkImage(image, this.capabilities.nVocab);
      return this.#context.restore({ ...image, sampling: resolveSampling(image.sampling) }, parent);
    });
  }

  compact(): Promise<void> {
    return typedAsync(() => this.#context.compact());
  }

  dispose(): Promise<void> {
    this.#disposal ??= typedAsync(() => this.#context.dispose());
    return this.#disposal;
  }
}

function columns(entries: readonly CommitEntry[]): [SequenceHandle[], Token[]] {
  requireObjects("entries", entries);
  return [entries.map(({ sequence }) => sequence), entries.map(({ token }) => token)];
}

function producedOf(run: NativeRun): Produced[][] {
  const line = run.indexOf("\n");
  const numbers = run.slice(0, line).split(" ").map(Number);
  const entries: Produced[][] = [];
  let textAt = line + 1;
  // Behind the last space is nothing.
  for (let at = 0; at < numbers.length - 1; ) {
    const end = at + 1 + 3 * (numbers[at] as number);
    const produced: Produced[] = [];
    for (at += 1; at < end; at += 3) {
      const text = run.slice(textAt, textAt + (numbers[at + 2] as number));
      textAt += text.length;
      produced.push({ token: numbers[at] as Token, text, isStop: numbers[at + 1] === 1 });
    }
    entries.push(produced);
  }
  return entries;
}

/** Checked here because an Int32Array turns 1.5 into 1, 2^32 into 0 and undefined into 0 without a word. */
function tokenArray(tokens: readonly Token[]): Int32Array {
  if (typeof tokens?.[Symbol.iterator] !== "function") throw new InvalidArgumentError("tokens are a list.");
  for (const token of tokens) {
    if (typeof token !== "number" || (token | 0) !== token)
      throw new InvalidArgumentError("a token is a 32-bit integer.", { token: String(token) });
  }
  return Int32Array.from(tokens);
}
