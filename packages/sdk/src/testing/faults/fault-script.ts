import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Produced } from "../../backend/engine.ts";
import type { Token } from "../../backend/ids.ts";
import { Branch } from "../../branch/branch.ts";
import { BranchStore } from "../../branch/branch-store.ts";
import { isInferenceError } from "../../errors.ts";
import type { DecodeFault, FaultyContext } from "./fault.ts";

/** What can be seen of a branch. */
interface Seen {
  branch: string;
  position: number;
  /** Hash of the row's bytes; what follows is absent before there is a row. */
  row?: string;
  next?: Produced;
  perplexities?: number[];
}

/** A call and what it gave, and all branches after it. */
export interface ScriptStep {
  call: string;
  result: unknown;
  branches: Seen[];
}

/** Every way to write: prefill (split, packed), commit, step, run with and without until; with forks, prunes, grammars. */
export class FaultScript {
  failures = 0;
  readonly #faulty: FaultyContext;
  readonly #fault: DecodeFault | undefined;
  readonly #store: BranchStore;
  readonly #branches = new Map<string, Branch>();
  readonly #steps: ScriptStep[] = [];

  constructor(faulty: FaultyContext, fault: DecodeFault | undefined) {
    this.#faulty = faulty;
    this.#fault = fault;
    this.#store = new BranchStore(faulty.ctx);
  }

  async play(): Promise<ScriptStep[]> {
    const { ctx, failDecodes } = this.#faulty;
    const store = this.#store;
    failDecodes(this.#fault);
    const root = this.#named("root", Branch.create(ctx, 0));
    await this.#call("prefill that is split", () => root.prefill(this.#text(40)));
    const bound = this.#named("bound", Branch.create(ctx, 0, { temperature: 1, seed: 3 }, undefined, letters));
    await this.#call("packed prefill", () =>
      store.prefill([
        [root, this.#text(5)],
        [bound, this.#text(9)],
      ]),
    );
    const [left, right] = store.forkMany(root, 2).map((fork, i) => this.#named(`fork ${i}`, fork)) as [Branch, Branch];
    await this.#call("prefill that is packed and split", () =>
      store.prefill([
        [left, this.#text(7)],
        [right, this.#text(20)],
      ]),
    );
    await this.#call("commit of one", () => left.commit(nextOf(left)));
    await this.#call("commit of many", () => store.commit([root, left, right, bound].map(rowOf)));
    await this.#call("step", () => store.step([right, bound, left].map(rowOf)));
    const deep = this.#named("deep", left.forkSync());
    deep.setSamplerParams({ temperature: 0.9, topK: 20, seed: 8 });
    await this.#call("run", () => store.run([deep, bound].map(rowOf), { maxTicks: 3 }));
    right.pruneSync();
    left.setGrammar(letters);
    bound.setGrammar(undefined);
    await this.#call("step after a prune", () => store.step([root, left, bound].map(rowOf)));
    const until = (branch: Branch) => branch === bound;
    await this.#call("run with until", () => store.run([left, bound].map(rowOf), { maxTicks: 2, until }));
    left.pruneSubtreeSync();
    await this.#call("prefill into freed cells", () => root.prefill(this.#text(20)));
    for (const branch of [root, bound]) branch.pruneSubtreeSync();
    assert.equal(await store.countCells(), 0, "nothing is left");
    return this.#steps;
  }

  /** Where it fails: undone, and under a lasting fault again; and then, without the fault, done. */
  async #call(call: string, work: () => Promise<unknown>): Promise<void> {
    const before = this.#see();
    const result = await work().catch(async (error: unknown) => {
      await this.#requireUndone(call, error, before);
      if (this.#fault?.lasting)
        await work().then(
          () => assert.fail(`${call}: a lasting fault is met again`),
          (again: unknown) => this.#requireUndone(call, again, before),
        );
      this.#faulty.failDecodes(undefined);
      return await work();
    });
    this.#steps.push({ call, result, branches: this.#see() });
  }

  async #requireUndone(call: string, error: unknown, before: readonly Seen[]): Promise<void> {
    const expected = this.#fault?.kind === "no-space" ? "KV_EXHAUSTED" : "DECODE_FAILED";
    if (!isInferenceError(error) || error.code !== expected) throw error;
    this.failures++;
    assert.deepEqual(this.#see(), before, `${call}: what fails changes no branch`);
    const { used, reserved } = this.#store.pressure();
    assert.deepEqual([await this.#store.countCells(), reserved], [used, 0], `${call}: the cells are as before`);
  }

  #named(name: string, branch: Branch): Branch {
    this.#branches.set(name, branch);
    return branch;
  }

  #see(): Seen[] {
    return [...this.#branches].flatMap(([name, branch]) => (branch.disposed ? [] : [seen(name, branch)]));
  }

  #text(count: number): Token[] {
    const words = this.#faulty.ctx.language.tokenize([{ text: " one two three four five", origin: "user" }]);
    return Array.from({ length: count }, (_, i) => words[i % words.length] as Token);
  }
}

/** Ends nowhere soon. */
const letters = "root ::= [a-z ]{100}";

function seen(name: string, branch: Branch): Seen {
  const { position } = branch;
  if (position === 0) return { branch: name, position };
  const row = branch.getLogits();
  return {
    ...{ branch: name, position, next: branch.produceSync() },
    row: createHash("sha256")
      .update(new Uint8Array(row.buffer, row.byteOffset, row.byteLength))
      .digest("hex"),
    perplexities: [branch.perplexity, branch.samplingPerplexity],
  };
}

function nextOf(branch: Branch): Token {
  return branch.produceSync().token;
}

function rowOf(branch: Branch): readonly [Branch, Token] {
  return [branch, nextOf(branch)];
}
