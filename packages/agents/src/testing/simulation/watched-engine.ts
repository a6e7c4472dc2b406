import type { CommitEntry, Engine, PrefillEntry, Produced, RunOptions, Token } from "@lloyal-labs/sdk";
import { isInferenceError } from "@lloyal-labs/sdk";
import type { Recorder } from "./recorder.ts";

export interface WatchedEngine extends Engine {
  /** Calls that have not come back. */
  readonly outstanding: number;
  /** Calls that were rejected. */
  readonly failures: number;
}

export interface EngineHooks {
  /** A fault of ours has been fired: from then on a refusal may be its doing. */
  isFaulted(): boolean;
  onPrefill(tokens: readonly Token[]): void;
}

/** An engine whose calls are steps of the run. It changes nothing. */
export function watchEngine(engine: Engine, recorder: Recorder, hooks: EngineHooks): WatchedEngine {
  let outstanding = 0;
  let failures = 0;

  /** Nobody may touch a sequence that is closed, or in the batch that decodes. */
  const guarded = <T>(what: string, call: () => T): T => {
    try {
      return call();
    } catch (error) {
      const code = isInferenceError(error) ? error.code : "";
      if (code === "BRANCH_IN_FLIGHT" || code === "BRANCH_DISPOSED") recorder.violate("B1", `${what}: ${error}`);
      throw error;
    }
  };
  const sync = <T>(what: string, facts: unknown, call: () => T): T => {
    recorder.step(what, facts);
    return guarded(what, call);
  };
  const batch = async <T>(what: string, facts: unknown, call: () => Promise<T>): Promise<T> => {
    outstanding += 1;
    const calling = call();
    // Once the call has begun, since a step may halt whoever made it: a real engine has it then.
    recorder.step(what, facts);
    try {
      const result = await calling;
      recorder.step(`${what} done`);
      return result;
    } catch (error) {
      failures += 1;
      recorder.step(`${what} failed`, String(error));
      if (isInferenceError(error) && error.code === "KV_EXHAUSTED" && !hooks.isFaulted())
        recorder.violate("E1", `${what}: ${error}`);
      throw error;
    } finally {
      outstanding -= 1;
    }
  };

  return {
    get outstanding() {
      return outstanding;
    },
    get failures() {
      return failures;
    },
    capabilities: engine.capabilities,
    fingerprint: engine.fingerprint,
    open: (sampling, grammar) => sync("open", undefined, () => engine.open(sampling, grammar)),
    fork: (parent) => sync("fork", parent, () => engine.fork(parent)),
    close: (sequence) => sync("close", sequence, () => engine.close(sequence)),
    prefill(entries: readonly PrefillEntry[]) {
      for (const { tokens } of entries) hooks.onPrefill(tokens);
      return batch("prefill", rowsOf(entries), () => engine.prefill(entries));
    },
    commit: (entries: readonly CommitEntry[]) => batch("commit", entries, () => engine.commit(entries)),
    run: (entries: readonly CommitEntry[], options?: RunOptions): Promise<Produced[][]> =>
      batch("run", entries, () => engine.run(entries, options)),
    // Not a step: what it gives is in the trace when it is committed.
    produce: (sequence) => guarded("produce", () => engine.produce(sequence)),
    setGrammar: (sequence, grammar) => sync("grammar", sequence, () => engine.setGrammar(sequence, grammar)),
    setSampling: (sequence, sampling) => sync("sampling", sampling, () => engine.setSampling(sequence, sampling)),
    setLazyGrammar: (sequence, grammar, triggers) =>
      sync("lazy grammar", sequence, () => engine.setLazyGrammar(sequence, grammar, triggers)),
    setLogitBias: (sequence, biases) => sync("bias", biases, () => engine.setLogitBias(sequence, biases)),
    setSteer: (sequence, biases) => sync("steer", biases, () => engine.setSteer(sequence, biases)),
    reseed: (sequence, seed) => sync("reseed", seed, () => engine.reseed(sequence, seed)),
    accept: (sequence, token) => sync("accept", token, () => engine.accept(sequence, token)),
    sample: (sequence) => sync("sample", sequence, () => engine.sample(sequence)),
    entropy: (sequence) => engine.entropy(sequence),
    surprisal: (sequence, token) => engine.surprisal(sequence, token),
    metrics: (sequence) => engine.metrics(sequence),
    row: (sequence) => engine.row(sequence),
    countCells: () => engine.countCells(),
    save: (sequence, from) => batch("save", sequence, () => engine.save(sequence, from)),
    restore: (image, parent) => batch("restore", parent, () => engine.restore(image, parent)),
    compact: () => batch("compact", undefined, () => engine.compact()),
    dispose: () => engine.dispose(),
  };
}

function rowsOf(entries: readonly PrefillEntry[]): { sequence: number; tokens: number; hash: number }[] {
  return entries.map(({ sequence, tokens }) => ({
    sequence,
    tokens: tokens.length,
    hash: tokens.reduce((hash, token) => Math.imul(hash ^ token, 0x01000193), 0x811c9dc5),
  }));
}
