import assert from "node:assert/strict";
import type { GrammarTrigger } from "../../backend/engine.ts";
import type { Branch } from "../../branch/branch.ts";
import { type Bench, contractCase, letter, likeliest, prompt, refuses, small, stateOf } from "./contract-case.ts";

const callGrammar = 'root ::= "CALL:" [0-9]{3}';
const onCall: readonly GrammarTrigger[] = [{ type: "word", text: "CALL:" }];

/** Commits a text, whatever the branch would have written. */
async function say({ tokens }: Pick<Bench, "tokens">, branch: Branch, text: string): Promise<void> {
  for (const token of tokens(text)) await branch.commit(token);
}

function isFree(branch: Branch): boolean {
  return branch.produceSync().token === likeliest(branch.getLogits());
}

export const lazyGrammarCases = [
  contractCase("a lazy grammar leaves everything free until its word has come", async (bench) => {
    const branch = await bench.root();
    branch.setGrammarLazy(callGrammar, onCall);
    assert.ok(isFree(branch));
    await say(bench, branch, "any text, even 'CALL' and 42");
    assert.ok(isFree(branch));
    await say(bench, branch, " CALL:");
    assert.match(await bench.finish(branch), /^[0-9]{3}$/);
  }),

  contractCase("a token as a trigger begins the grammar", async (bench) => {
    const branch = await bench.root();
    const token = letter(bench, "x");
    branch.setGrammarLazy('root ::= "x" [0-9]{2}', [{ type: "token", token }]);
    await say(bench, branch, "1 2 3");
    assert.ok(isFree(branch));
    await branch.commit(token);
    assert.match(await bench.finish(branch), /^[0-9]{2}$/);
  }),

  contractCase("a backend without patterns as triggers refuses them", async ({ root, ctx }) => {
    if (ctx.engine.capabilities.patternTriggers) return;
    const branch = await root();
    for (const type of ["pattern", "pattern-full"] as const)
      await refuses("INVALID_ARGUMENT", () => branch.setGrammarLazy(callGrammar, [{ type, source: "CALL:" }]), type);
    assert.ok(isFree(branch));
  }),

  contractCase("a pattern begins the grammar at its first group, or at the match", async (bench) => {
    if (!bench.ctx.engine.capabilities.patternTriggers) return;
    const branch = await bench.root();
    branch.setGrammarLazy("root ::= [0-9]{3}", [{ type: "pattern", source: "n=([0-9])" }]);
    await say(bench, branch, "so n");
    assert.ok(isFree(branch));
    await say(bench, branch, "=4");
    assert.match(await bench.finish(branch), /^[0-9]{2}$/);
    const other = await bench.root();
    other.setGrammarLazy('root ::= "n=" [0-9]{3}', [{ type: "pattern", source: "n=[0-9]" }]);
    await say(bench, other, "so n=4");
    assert.match(await bench.finish(other), /^[0-9]{2}$/);
  }),

  contractCase("a full pattern has to match the whole text", async (bench) => {
    if (!bench.ctx.engine.capabilities.patternTriggers) return;
    const trigger: GrammarTrigger = { type: "pattern-full", source: "[a-z ]*go(=)" };
    const [matching, other] = [await bench.root(), await bench.root()];
    for (const branch of [matching, other]) branch.setGrammarLazy('root ::= "=" [0-9]{2}', [trigger]);
    await say(bench, other, "7 go=");
    assert.ok(isFree(other));
    await say(bench, matching, "we go=");
    assert.match(await bench.finish(matching), /^[0-9]{2}$/);
  }),

  contractCase("the first trigger of several that fires counts", async (bench) => {
    const branch = await bench.root();
    const token = letter(bench, "x");
    branch.setGrammarLazy('root ::= "ax" [0-9]{2}', [
      { type: "word", text: "never" },
      { type: "word", text: "ax" },
      { type: "token", token },
    ]);
    await branch.commit(letter(bench, "a"));
    await branch.commit(token);
    assert.match(await bench.finish(branch), /^[0-9]{2}$/);
  }),

  contractCase("a word counts when its last byte has come", async (bench) => {
    const branch = await bench.root();
    branch.setGrammarLazy('root ::= "é" [0-9]{2}', [{ type: "word", text: "é" }]);
    await say(bench, branch, "né");
    assert.match(await bench.finish(branch), /^[0-9]{2}$/);
  }),

  contractCase("a token that fires a trigger with text that the grammar refuses is forbidden", async (bench) => {
    const branch = await bench.root();
    const token = letter(bench, "x");
    branch.setLogitBias([{ token, bias: 1000 }]);
    branch.setGrammarLazy('root ::= "y"', [{ type: "token", token }]);
    assert.notEqual(branch.produceSync().token, token);
    const before = stateOf(branch);
    await refuses("GRAMMAR_REJECTED", () => branch.commit(token));
    assert.deepEqual(stateOf(branch), before);
  }),

  contractCase("forks wait each for itself", async (bench) => {
    const parent = await bench.root();
    parent.setGrammarLazy(callGrammar, onCall);
    await say(bench, parent, "CA");
    const [fired, waiting] = [parent.forkSync(), parent.forkSync()];
    await say(bench, fired, "LL:");
    await say(bench, waiting, " quiet");
    assert.ok(isFree(waiting) && isFree(parent));
    assert.match(await bench.finish(fired.forkSync()), /^[0-9]{3}$/);
    assert.match(await bench.finish(fired), /^[0-9]{3}$/);
  }),

  contractCase("prefilled text fires nothing, and a text before the grammar does not either", async (bench) => {
    const branch = await bench.root();
    await say(bench, branch, "CALL:");
    branch.setGrammarLazy(callGrammar, onCall);
    assert.ok(isFree(branch));
    await branch.prefill(bench.tokens(" CALL: CALL:"));
    assert.ok(isFree(branch));
    await say(bench, branch, "CALL:");
    assert.match(await bench.finish(branch), /^[0-9]{3}$/);
  }),

  contractCase("a lazy grammar that is set again waits again, and is gone when it is removed", async (bench) => {
    const branch = await bench.root();
    for (let round = 0; round < 2; round++) {
      branch.setGrammarLazy(callGrammar, onCall);
      assert.ok(isFree(branch));
      await say(bench, branch, "CALL:");
      assert.match(await bench.finish(branch), /^[0-9]{3}$/);
    }
    branch.setGrammarLazy(callGrammar, onCall);
    branch.setGrammar();
    await say(bench, branch, "CALL:");
    assert.ok(isFree(branch));
    branch.setGrammarLazy(callGrammar, onCall);
    branch.setGrammar('root ::= "zebra"');
    assert.equal(await bench.finish(branch), "zebra");
  }),

  contractCase(
    "a commit that fails is not heard",
    async (bench) => {
      const branch = await bench.root();
      branch.setGrammarLazy('root ::= "ab" [0-9]{2}', [{ type: "word", text: "ab" }]);
      const [a, b] = [letter(bench, "a"), letter(bench, "b")];
      await branch.commit(a);
      const release = await bench.hoard(bench.store.pressure().free);
      await refuses("KV_EXHAUSTED", () => branch.commit(b));
      release();
      assert.ok(isFree(branch));
      await branch.commit(b);
      assert.match(await bench.finish(branch), /^[0-9]{2}$/);
    },
    small,
  ),

  contractCase(
    "a lazy grammar that is none, or that nothing can fire, is refused; the one before stays",
    async (bench) => {
      const branch = await bench.root(prompt, {}, 'root ::= "zebra"');
      const { nVocab } = bench.ctx.engine.capabilities;
      const wrong: unknown[][] = [
        [],
        [{ type: "word", text: "" }],
        [{ type: "pattern", source: "(" }],
        [{ type: "pattern-full", source: "[" }],
        [{ type: "token", token: nVocab }],
        [{ type: "token", token: -1 }],
        [{ type: "whim" }],
        [...onCall, { type: "word", text: "" }],
      ];
      for (const triggers of wrong) {
        const set = () => branch.setGrammarLazy(callGrammar, triggers as GrammarTrigger[]);
        await refuses("INVALID_ARGUMENT", set, JSON.stringify(triggers));
      }
      for (const grammar of ["root ::= (", "", "other ::= x"])
        await refuses("GRAMMAR_INVALID", () => branch.setGrammarLazy(grammar, onCall), grammar);
      assert.equal(await bench.finish(branch), "zebra");
    },
  ),
];
