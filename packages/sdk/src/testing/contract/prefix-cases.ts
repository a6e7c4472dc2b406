import assert from "node:assert/strict";
import type { Token } from "../../backend/ids.ts";
import { cells, contractCase, prompt, refuses } from "./contract-case.ts";

export const prefixCases = [
  contractCase(
    "a list that begins as a branch does is found, and goes on in a fork",
    async ({ root, store, tokens, write }) => {
      const trunk = await root();
      await root("Something else entirely");
      const written = await write(trunk, 2);
      const held = [...tokens(prompt), ...written];
      const asked = [...held, ...tokens(" and more")];
      const found = store.longestPrefix(asked);
      assert.deepEqual([found?.branch, found?.length], [trunk, held.length]);
      const before = store.pressure().used;
      const child = trunk.forkSync();
      await child.prefill(asked.slice(held.length));
      assert.equal(store.pressure().used, before + asked.length - held.length);
      assert.equal(store.longestPrefix(asked)?.branch, child);
      assert.equal(store.longestPrefix(asked.slice(0, -1))?.branch, trunk);
    },
    cells,
  ),

  contractCase("a place within a branch is found where it is asked for", async ({ create, store, filler }) => {
    const branch = create();
    const held = filler(20);
    await branch.prefill(held);
    const asked = [...held.slice(0, 12), differentFrom(held[12] as Token)];
    assert.equal(store.longestPrefix(asked), undefined);
    assert.deepEqual(store.longestPrefix(asked, "any"), { branch, length: 12 });
    assert.deepEqual(store.longestPrefix(held.slice(0, 5), "any"), { branch, length: 5 });
    assert.equal(store.longestPrefix([differentFrom(held[0] as Token)], "any"), undefined);
    assert.equal(store.longestPrefix([], "any"), undefined);
  }),

  contractCase("equal lists of different roots are one list", async ({ create, store, filler }) => {
    const [first, second] = [create(), create()];
    const held = filler(10);
    await first.prefill(held);
    await second.prefill(held.slice(0, 6));
    assert.equal(store.longestPrefix(held)?.branch, first);
    assert.equal(store.longestPrefix(held.slice(0, 8))?.branch, second);
    first.pruneSync();
    assert.deepEqual(store.longestPrefix(held), { branch: second, length: 6 });
    second.pruneSync();
    assert.equal(store.longestPrefix(held, "any"), undefined);
  }),

  contractCase("only what has landed is found, and nothing of a call that failed", async (bench) => {
    const { create, store, filler, ctx } = bench;
    const branch = create();
    const held = filler(10);
    const flight = branch.prefill(held);
    assert.equal(store.longestPrefix(held, "any"), undefined);
    await flight;
    assert.equal(store.longestPrefix(held)?.length, held.length);
    await refuses("INVALID_ARGUMENT", () => branch.prefill([1, ctx.engine.capabilities.nVocab]));
    assert.equal(store.longestPrefix([...held, 1], "any")?.length, held.length);
  }),
];

function differentFrom(token: Token): Token {
  return token === 0 ? 1 : 0;
}
