import assert from "node:assert/strict";
import type { SessionContext } from "../backend/session-context.ts";
import { Branch } from "../branch/branch.ts";
import { BranchStore } from "../branch/branch-store.ts";
import { isInferenceError } from "../errors.ts";
import { stateMutant } from "./state-mutant.ts";

/** What became of a mutant: the code of the error that refused it, or that it was restored and used. */
export interface Trial {
  kind: string;
  isSealed: boolean;
  outcome: string;
}

/** A context with branches that live, and a state of them, whose mutants are tried one after another. */
export class StateTrial {
  readonly #store: BranchStore;
  readonly #witness: Branch;
  readonly #state: Uint8Array;
  readonly #before: unknown;

  private constructor(store: BranchStore, witness: Branch, state: Uint8Array) {
    this.#store = store;
    this.#witness = witness;
    this.#state = state;
    this.#before = this.#seen();
  }

  /** Needs six sequences, and some hundred cells. */
  static async create(ctx: SessionContext): Promise<StateTrial> {
    const store = new BranchStore(ctx);
    const tokens = (text: string) => ctx.language.tokenize([{ text, origin: "user" }]);
    const top = Branch.create(ctx, 0, { temperature: 1, seed: 2, mirostat: 2 }, undefined, "root ::= [a-z ]+");
    await top.prefill(tokens("A spine, and what grows on it"));
    const [letter] = tokens("a");
    top.setLogitBias([{ token: letter as number, bias: Number.NEGATIVE_INFINITY }]);
    const child = ctx.engine.capabilities.canSaveForks ? top.forkSync() : top;
    for (let i = 0; i < 4; i++) await child.commit(child.produceSync().token);
    child.setGrammarLazy('root ::= "x" [0-9]+', [{ type: "word", text: "x" }]);
    await child.commit(child.produceSync().token);
    const state = await store.save(top);
    top.pruneSubtreeSync();
    const witness = Branch.create(ctx, 0);
    await witness.prefill(tokens("Nothing happens to me"));
    return new StateTrial(store, witness, state);
  }

  /**
   * Restores the mutant of a seed, and writes to what came of it. Throws when it was refused without a typed error, when one
   * that was damaged was not refused, or when anything else than what was restored has changed.
   */
  async run(seed: number): Promise<Trial> {
    const { kind, isSealed, bytes } = await stateMutant(this.#state, seed);
    const outcome = await this.#restore(bytes);
    const codes = isSealed ? undefined : ["STATE_INVALID", "STATE_MISMATCH"];
    assert.ok(codes?.includes(outcome) ?? true, `seed ${seed}, ${kind}: ${outcome}`);
    assert.equal(await this.#store.countCells(), this.#store.pressure().used, `seed ${seed}, ${kind}: cells`);
    assert.deepEqual(this.#seen(), this.#before, `seed ${seed}, ${kind}: another branch`);
    return { kind, isSealed, outcome };
  }

  async #restore(bytes: Uint8Array): Promise<string> {
    try {
      const top = await this.#store.restore(bytes);
      await this.#use(top);
      top.pruneSubtreeSync();
      return "restored";
    } catch (error) {
      if (!isInferenceError(error)) throw error;
      return error.code;
    }
  }

  async #use(branch: Branch): Promise<void> {
    for (const each of [branch, ...branch.children]) {
      try {
        await each.commit(each.produceSync().token);
        each.forkSync().pruneSync();
      } catch (error) {
        // What a forger wrote may leave a branch without a token to go on with.
        if (!isInferenceError(error)) throw error;
      }
    }
  }

  #seen() {
    const { liveBranches, available } = this.#store;
    const { position } = this.#witness;
    const [row, next] = [this.#witness.getLogits(), this.#witness.produceSync()];
    return { position, row, next, liveBranches, available, pressure: this.#store.pressure() };
  }
}
