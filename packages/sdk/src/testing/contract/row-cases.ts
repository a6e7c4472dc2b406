import assert from "node:assert/strict";
import type { Token } from "../../backend/ids.ts";
import { contractCase, prompt, refuses, stateOf } from "./contract-case.ts";

export const rowCases = [
  contractCase("before any prefill there is no row and nothing to produce", async ({ create }) => {
    const branch = create();
    await refuses("NO_LOGITS", () => branch.produceSync());
    await refuses("NO_LOGITS", () => branch.produce());
    await refuses("NO_LOGITS", () => branch.getLogits());
  }),

  contractCase("a row has one finite or forbidden logit per token", async ({ root, ctx }) => {
    const row = (await root()).getLogits();
    assert.equal(row.length, ctx.engine.capabilities.nVocab);
    assert.equal(ctx.language.vocabSize, ctx.engine.capabilities.nVocab);
    assert.ok(row.every((logit) => !Number.isNaN(logit) && logit < Infinity));
  }),

  contractCase("a row handed out does not change on later decodes", async ({ root, write, tokens }) => {
    const branch = await root();
    const row = branch.getLogits();
    const copy = row.slice();
    await write(branch, 5);
    await branch.prefill(tokens(" and more"));
    branch.pruneSync();
    await root("something else");
    assert.deepEqual(row, copy);
  }),

  contractCase("a row belongs to whom it was handed", async ({ root }) => {
    const branch = await root();
    const child = branch.forkSync();
    const row = branch.getLogits().slice();
    branch.getLogits().fill(0);
    assert.deepEqual(branch.getLogits(), row);
    assert.deepEqual(child.getLogits(), row);
    assert.equal(branch.produceSync().token, row.indexOf(Math.max(...row)));
  }),

  contractCase("a branch is blind to what its siblings write", async ({ root, write, tokens }) => {
    const alone = (await root()).forkSync();
    const expected = await write(alone, 6);
    const parent = await root();
    const [watched, loud] = [parent.forkSync(), parent.forkSync()];
    await loud.prefill(tokens("something else entirely, at some length"));
    const written: Token[] = [];
    for (let i = 0; i < 6; i++) {
      const { token } = watched.produceSync();
      await write(loud, 1);
      await watched.commit(token);
      written.push(token);
    }
    assert.deepEqual(written, expected);
  }),

  contractCase("a branch at rest keeps its row while others decode, fork and go", async ({ root, write, tokens }) => {
    const parent = await root();
    const [resting, loud] = [parent.forkSync(), parent.forkSync()];
    const before = stateOf(resting);
    await write(loud, 3);
    await loud.forkSync().prefill(tokens(" more words"));
    loud.pruneSubtreeSync();
    await write(parent, 2);
    assert.deepEqual(stateOf(resting), before);
  }),

  contractCase("a fork and a fresh root that decode in the same tick have equal rows", async ({ root, store }) => {
    const parent = await root();
    const [fork, fresh] = [parent.forkSync(), await root(prompt)];
    assert.deepEqual(fork.getLogits(), fresh.getLogits());
    const { token } = parent.produceSync();
    await store.commit([
      [fork, token],
      [fresh, token],
    ]);
    assert.deepEqual(fork.getLogits(), fresh.getLogits());
  }),
];
