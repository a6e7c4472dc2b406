import assert from "node:assert/strict";
import type { Token } from "../../backend/ids.ts";
import type { Branch } from "../../branch/branch.ts";
import { contractCase, prompt, refuses, small, stateOf } from "./contract-case.ts";

async function loop(branch: Branch, limit = Infinity): Promise<{ tokens: Token[]; text: string }> {
  const tokens: Token[] = [];
  let text = "";
  for await (const next of branch) {
    tokens.push(next.token);
    text += next.text;
    if (tokens.length >= limit) break;
  }
  return { tokens, text };
}

export const iteratorCases = [
  contractCase("a loop writes what produce and commit would, up to the stop, which is not written", async (bench) => {
    const parent = await bench.root(prompt, { temperature: 1, seed: 4 }, "root ::= [a-e]{5} | [x-z]{7}");
    const [looped, plain] = bench.store.forkMany(parent, 2) as [Branch, Branch];
    const { tokens, text } = await loop(looped);
    assert.equal(await bench.finish(plain), text);
    assert.equal(looped.position, parent.position + tokens.length);
    assert.ok(looped.produceSync().isStop);
    assert.deepEqual(stateOf(looped).perplexities, stateOf(plain).perplexities);
  }),

  contractCase("a loop that is left at any token has written just those it was given", async (bench) => {
    const parent = await bench.root(prompt, { temperature: 1.5, seed: 2 }, "root ::= [ab]{12}");
    const whole = await loop(parent.forkSync());
    for (let limit = 1; limit <= whole.tokens.length; limit++) {
      const branch = parent.forkSync();
      const first = await loop(branch, limit);
      assert.equal(branch.position, parent.position + limit);
      const rest = await loop(branch);
      assert.deepEqual([...first.tokens, ...rest.tokens], whole.tokens);
      assert.equal(first.text + rest.text, whole.text);
      branch.pruneSync();
    }
  }),

  contractCase("a loop whose body throws, or that is ended while it waits, leaves a usable branch", async (bench) => {
    const parent = await bench.root();
    const [thrown, ended] = bench.store.forkMany(parent, 2) as [Branch, Branch];
    const failing = async () => {
      for await (const { token } of thrown) throw new RangeError(String(token));
    };
    await assert.rejects(failing, RangeError);
    const iterator = ended[Symbol.asyncIterator]();
    const [next, done] = await Promise.all([iterator.next(), iterator.return?.()]);
    assert.deepEqual([next.done, done?.done], [false, true]);
    assert.deepEqual([thrown.position, ended.position], [parent.position + 1, parent.position + 1]);
    assert.deepEqual(stateOf(thrown), stateOf(ended));
    assert.equal((await iterator.next()).done, true);
    await bench.write(ended, 2);
  }),

  contractCase("a loop over a branch that is at its stop gives nothing", async ({ root, ctx }) => {
    const branch = await root();
    const stop = ctx.language.tokenize(ctx.language.turnClose).find((token) => ctx.language.isStop(token)) as Token;
    branch.steer([{ token: stop, bias: 1000 }]);
    const { position } = branch;
    assert.deepEqual(await loop(branch), { tokens: [], text: "" });
    assert.equal(branch.position, position);
  }),

  contractCase("a loop's texts join to whole characters", async ({ root }) => {
    const written = "né €5 🦓";
    assert.equal((await loop(await root(prompt, {}, `root ::= "${written}"`))).text, written);
  }),

  contractCase("a loop ends with an error where its branch is pruned, empty or busy", async (bench) => {
    const branch = await bench.root();
    const pruning = async () => {
      for await (const _ of branch) branch.pruneSync();
    };
    await refuses("BRANCH_DISPOSED", pruning);
    await refuses("NO_LOGITS", () => loop(bench.create()));
    const busy = await bench.root();
    const flight = busy.commit(busy.produceSync().token);
    await refuses("BRANCH_IN_FLIGHT", () => loop(busy));
    await flight;
  }),

  contractCase(
    "a loop that fills the cache ends with an error, and what it gave is written",
    async ({ root, filler, store }) => {
      const branch = await root(prompt, {}, "root ::= [ab]{300}");
      await branch.prefill(filler(store.pressure().free - 3));
      const start = branch.position;
      let given = 0;
      await refuses("KV_EXHAUSTED", async () => {
        for await (const _ of branch) given++;
      });
      assert.deepEqual([given, branch.position], [3, start + 3]);
      assert.ok(!branch.produceSync().isStop);
    },
    small,
  ),
];
