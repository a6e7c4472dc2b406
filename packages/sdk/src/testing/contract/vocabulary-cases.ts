import assert from "node:assert/strict";
import type { Token } from "../../backend/ids.ts";
import type { Branch } from "../../branch/branch.ts";
import { cells, contractCase, prompt, refuses } from "./contract-case.ts";

/** Writes up to the first token that ends inside a code point: what it completes is nothing. */
async function writeIntoCodePoint(branch: Branch): Promise<void> {
  for (let next = branch.produceSync(); ; next = branch.produceSync()) {
    assert.ok(!next.isStop, "every code point is one token");
    await branch.commit(next.token);
    if (next.text === "") return;
  }
}

// Of plane 2: no vocabulary has a token of its own for each.
const rare = "𠀀𠮷";

export const vocabularyCases = [
  contractCase("text that is tokenised reads back unchanged", async ({ tokens, ctx }) => {
    for (const text of ["", "a", "naïve café", "🦙 and 漢字\n\ttabs", "\uFEFFmark", "e\u0301", rare, "<|im_end|>"]) {
      assert.equal(ctx.language.detokenize(tokens(text)), text);
    }
  }),

  contractCase("a stop token has no text, and the language knows it", async ({ root, ctx, write }) => {
    const branch = await root(prompt, {}, 'root ::= ""');
    const next = branch.produceSync();
    assert.deepEqual(next, { token: next.token, text: "", isStop: true });
    assert.equal(ctx.language.isStop(next.token), true);
    // Not meant to be committed, but no error: afterwards the branch is where it was, one token on.
    branch.setGrammar();
    await branch.commit(next.token);
    await write(branch, 1);
  }),

  contractCase("code points that are split over tokens come out whole", async ({ root, finish }) => {
    for (const text of ["naïve 漢字", `🦙${rare}`, "\uFEFFa\uFFFDb", "\u{10FFFF}e\u0301"]) {
      const branch = await root(prompt, {}, `root ::= ${JSON.stringify(text)}`);
      assert.equal(await finish(branch), text);
      branch.pruneSync();
    }
  }),

  contractCase("a fork inside a code point finishes it, as its parent does", async ({ root, finish }) => {
    const parent = await root(prompt, {}, `root ::= "${rare}"`);
    await writeIntoCodePoint(parent);
    const child = parent.forkSync();
    assert.equal(await finish(child), await finish(parent));
  }),

  contractCase("a produced text is the same however often it is asked for", async ({ root, store }) => {
    const branch = await root(prompt, {}, `root ::= "${rare}"`);
    let text = "";
    for (let next = branch.produceSync(); !next.isStop; ) {
      text += next.text;
      assert.deepEqual(branch.produceSync(), next);
      const [after] = await store.step([[branch, next.token]]);
      assert.deepEqual(branch.produceSync(), after);
      next = branch.produceSync();
    }
    assert.equal(text, rare);
  }),

  contractCase("a prefill ends the text before it, and its unfinished code point", async ({ root, tokens, finish }) => {
    const branch = await root(prompt, {}, `root ::= "${rare}"`);
    await writeIntoCodePoint(branch);
    await branch.prefill(tokens(" then "));
    branch.setGrammar('root ::= "a"');
    assert.equal(await finish(branch), "a");
  }),

  contractCase("bytes that are never completed become one replacement character", async ({ root, finish }) => {
    const branch = await root(prompt, {}, `root ::= "${rare}"`);
    await writeIntoCodePoint(branch);
    branch.setGrammar('root ::= "a"');
    assert.match(await finish(branch), /^\uFFFD+a$/);
  }),

  contractCase(
    "a failed commit leaves an unfinished code point as it was",
    async ({ root, store, finish, tokens }) => {
      const branch = await root(prompt, {}, `root ::= "${rare}"`);
      const control = branch.forkSync();
      await writeIntoCodePoint(branch);
      await refuses("GRAMMAR_REJECTED", () => branch.commit(tokens("a")[0] as Token));
      const held = store.reserve(store.pressure().free);
      await refuses("KV_EXHAUSTED", () => branch.commit(branch.produceSync().token));
      held.release();
      const [whole, rest] = [await finish(control), await finish(branch)];
      assert.equal(whole, rare);
      assert.ok(rest !== "" && whole.endsWith(rest), rest);
    },
    cells,
  ),
];
