import assert from "node:assert/strict";
import type { DraftAsk, Produced, SamplingParams } from "../../backend/engine.ts";
import type { Token } from "../../backend/ids.ts";
import type { Branch } from "../../branch/branch.ts";
import type { Drafter } from "../../branch/drafter.ts";
import {
  type Bench,
  type CaseNeeds,
  cells,
  contractCase,
  letter,
  only,
  prompt,
  refuses,
  small,
  stateOf,
} from "./contract-case.ts";

const letters = "root ::= [a-z ]{200}";
const precise: CaseNeeds = { nSeqMax: 8, precise: true };

/** What guesses are made of: the tokens that a fork writes without any. */
interface Known {
  branch: Branch;
  first: Token;
  /** Produced by a run from `first` on. */
  produced: readonly Produced[];
}

/** A fork of `parent` that has yet to write what another one has written in as many ticks. */
async function known({ store }: Bench, parent: Branch, ticks: number): Promise<Known> {
  const plain = parent.forkSync();
  const first = plain.produceSync().token;
  const produced = only(await store.run([[plain, first]], { maxTicks: ticks }));
  plain.pruneSync();
  return { branch: parent.forkSync(), first, produced };
}

function tokensOf(produced: readonly Produced[]): Token[] {
  return produced.map(({ token }) => token);
}

/** Guesses the `right` next tokens as they will come, and then `wrong` that will not. */
function oracle(tokens: readonly Token[], right: number, wrong: number) {
  return (asks: readonly DraftAsk[]) =>
    asks.map(({ produced: { length } }) => {
      const rest = tokens.slice(length, length + right);
      const next = tokens[length + right] ?? 0;
      return [...rest, ...Array.from({ length: wrong }, () => (next === 0 ? 1 : 0))];
    });
}

function hasNone({ ctx }: Bench): boolean {
  return ctx.engine.capabilities.draftRows === 0;
}

function scripted(guess: Drafter["draft"]): Drafter {
  return { opened() {}, wrote() {}, closed() {}, draft: guess };
}

const ways: readonly (readonly [string, SamplingParams, string?])[] = [
  ["greedily", {}],
  ["by chance with penalties", { temperature: 0.9, topK: 40, repeatPenalty: 1.3, frequencyPenalty: 0.2, seed: 5 }],
  ["with DRY and Mirostat", { temperature: 1, dryMultiplier: 1, mirostat: 2, seed: 6 }],
  ["under a grammar", { temperature: 1.2, topP: 0.95, seed: 7 }, letters],
];

const sameTokens = ways.map(([how, params, grammar]) =>
  contractCase(
    `a run that writes ${how} gives the same tokens whatever is guessed`,
    async (bench) => {
      if (hasNone(bench)) return;
      const { root, ctx, store, settled } = bench;
      const parent = await root(prompt, params, grammar);
      const { first, produced } = await known(bench, parent, 9);
      const tokens = tokensOf(produced);
      const end = await committed(parent.forkSync(), [first, ...tokens.slice(0, -1)]);
      for (const [right, wrong] of [
        [4, 0],
        [0, 3],
        [2, 2],
      ] as const) {
        // The engine's own sequences: what the store asks of them is its own affair.
        const sequence = ctx.engine.open(params, grammar);
        await ctx.engine.prefill([{ sequence, tokens: bench.tokens(prompt) }]);
        let asked = 0;
        const guess = oracle(tokens, right, wrong);
        const draft = (asks: readonly DraftAsk[]) => {
          asked++;
          return guess(asks);
        };
        const options = { maxTicks: 9, maxTokens: 9, draft };
        const drafted = only(await ctx.engine.run([{ sequence, token: first }], options));
        assert.deepEqual(drafted, produced, `${right} right, ${wrong} wrong`);
        assert.equal(asked, Math.ceil(produced.length / (right + 1)));
        assert.deepEqual(ctx.engine.produce(sequence), produced.at(-1));
        const { perplexity } = ctx.engine.metrics(sequence);
        assert.ok(Math.abs(perplexity / end.perplexity - 1) < 0.02, `${perplexity} is not near ${end.perplexity}`);
        ctx.engine.close(sequence);
      }
      await settled();
      assert.equal(store.pressure().reserved, 0);
    },
    precise,
  ),
);

async function committed(branch: Branch, tokens: readonly Token[]): Promise<Branch> {
  for (const token of tokens) await branch.commit(token);
  return branch;
}

export const draftCases = [
  ...sameTokens,

  contractCase("what a drafted run leaves goes on as what a plain one leaves", async (bench) => {
    if (hasNone(bench)) return;
    const { root, store, settled } = bench;
    const parent = await root(prompt, { temperature: 0.8, topK: 20, seed: 3 }, letters);
    const { branch, first, produced } = await known(bench, parent, 12);
    const tokens = tokensOf(produced);
    store.draftWith(
      scripted((_, ahead, most) => [...tokens.slice(ahead.length - 1, ahead.length + 1), 0].slice(0, most)),
    );
    const drafted = only(await store.run([[branch, first]], { maxTicks: 6, draft: true }));
    assert.deepEqual(drafted, produced.slice(0, 6));
    // Wrong guesses leave no cell, and forks of what has lost some hold none either.
    await settled();
    const child = branch.forkSync();
    for (const each of [branch, child]) {
      assert.equal(each.position, parent.position + 6);
      const rest = only(await store.run([[each, drafted.at(-1)?.token as Token]], { maxTicks: 6 }));
      assert.deepEqual(rest, produced.slice(6, 12));
    }
    await settled();
  }),

  contractCase("what a grammar forces is told, is guessed, and changes nothing", async (bench) => {
    if (hasNone(bench)) return;
    const { root, store, ctx, tokens } = bench;
    const text = " is all that can be written here, ";
    const grammar = `root ::= [xy] "${text}" [xy]{9}`;
    const sequence = ctx.engine.open({}, grammar);
    await ctx.engine.prefill([{ sequence, tokens: tokens(prompt) }]);
    const asked: DraftAsk[] = [];
    const draft = (asks: readonly DraftAsk[]) => {
      asked.push(...asks);
      return asks.map(() => []);
    };
    const first = letter(bench, "x");
    await ctx.engine.run([{ sequence, token: first }], { draft });
    assert.deepEqual(asked, [{ entry: 0, produced: [], forced: tokens(text) }]);
    ctx.engine.close(sequence);

    const parent = await root(prompt, { temperature: 0.7, seed: 2 }, grammar);
    const [plain, drafted] = [parent.forkSync(), parent.forkSync()];
    const written = await store.run([[plain, first]], { maxTicks: 60 });
    const before = store.stats;
    assert.deepEqual(await store.run([[drafted, first]], { maxTicks: 60, draft: true }), written);
    assert.ok(store.stats.drafted > before.drafted);
  }),

  contractCase("until ends a drafted run at the very token at which it holds", async (bench) => {
    if (hasNone(bench)) return;
    const { root, store, ctx, settled } = bench;
    const parent = await root(prompt, {}, letters);
    const { first, produced } = await known(bench, parent, 10);
    const draft = oracle(tokensOf(produced), 7, 1);
    for (const length of [1, 2, 5]) {
      const sequence = ctx.engine.open({}, letters);
      await ctx.engine.prefill([{ sequence, tokens: bench.tokens(prompt) }]);
      const text = produced
        .slice(0, length)
        .map((each) => each.text)
        .join("");
      const until = (_: number, written: string) => written.length >= text.length;
      const cut = only(
        await ctx.engine.run([{ sequence, token: first }], { maxTicks: 10, maxTokens: 10, draft, until }),
      );
      assert.deepEqual(cut, produced.slice(0, cut.length));
      assert.equal(cut.map((each) => each.text).join(""), text);
      // One more step: the state is that of the token, not of those that were right behind it.
      const [next] = await ctx.engine.run([{ sequence, token: cut.at(-1)?.token as Token }]);
      assert.deepEqual(next, [produced[cut.length]]);
      ctx.engine.close(sequence);
    }
    await settled();
    assert.equal(store.pressure().reserved, 0);
  }),

  contractCase("a drafted run ends at its stop, and at its most tokens", async (bench) => {
    if (hasNone(bench)) return;
    const { root, store } = bench;
    const short = await root(prompt, {}, 'root ::= "ab"');
    const first = short.produceSync();
    const ended = await known(bench, short, 4);
    store.draftWith(scripted((_, ahead) => [...tokensOf(ended.produced), 0, 0].slice(ahead.length - 1)));
    const drafted = only(await store.run([[ended.branch, first.token]], { maxTicks: 1, maxTokens: 8, draft: true }));
    assert.deepEqual(drafted, ended.produced);
    assert.equal(drafted.at(-1)?.isStop, true);

    const long = await known(bench, await root(prompt, {}, letters), 6);
    const tokens = tokensOf(long.produced);
    store.draftWith(scripted((_, ahead, most) => tokens.slice(ahead.length - 1).slice(0, most)));
    const { ticks, drafted: before, accepted } = store.stats;
    const most = only(await store.run([[long.branch, long.first]], { maxTicks: 1, maxTokens: 3, draft: true }));
    assert.deepEqual(most, long.produced.slice(0, 3));
    assert.deepEqual(
      [store.stats.ticks - ticks, store.stats.drafted - before, store.stats.accepted - accepted],
      [1, 2, 2],
    );
  }),

  contractCase("what stands in one branch is a guess for another, and the ledger is exact", async (bench) => {
    if (hasNone(bench)) return;
    const { root, create, store, settled } = bench;
    const parent = await root(prompt, {}, letters);
    const { branch, first, produced } = await known(bench, parent, 24);
    // A tool result that another branch has read.
    const reader = create();
    await reader.prefill([...bench.tokens("It says: "), first, ...tokensOf(produced)]);
    const before = store.stats;
    const drafted = only(await store.run([[branch, first]], { maxTicks: 24, draft: true }));
    assert.deepEqual(drafted, produced);
    const { ticks, drafted: guessed, accepted, decodedTokens } = store.stats;
    assert.ok(accepted - before.accepted >= 10, `${accepted - before.accepted} of 24 were guessed`);
    assert.equal(ticks - before.ticks, 24 - (accepted - before.accepted));
    assert.ok(guessed - before.drafted >= accepted - before.accepted);
    assert.equal(decodedTokens - before.decodedTokens, 24);
    assert.equal(branch.position, parent.position + 24);
    await settled();
  }),

  contractCase("an observer hears what each decode of a drafted run wrote, and what was in vain", async (bench) => {
    if (hasNone(bench)) return;
    const { root, store } = bench;
    const parent = await root(prompt, {}, letters);
    const { branch, first, produced } = await known(bench, parent, 4);
    const tokens = tokensOf(produced);
    const wrong = tokens[1] === 0 ? 1 : 0;
    store.draftWith(scripted((_, ahead) => (ahead.length === 1 ? [tokens[0] as Token, wrong] : [])));
    const heard: unknown[] = [];
    const stop = store.observe((record) => {
      if (record.type === "commit") heard.push([record.entries.map(({ token }) => token), record.rejected]);
    });
    const drafted = only(await store.run([[branch, first]], { maxTicks: 4, draft: true, until: () => false }));
    stop();
    assert.deepEqual(drafted, produced);
    assert.deepEqual(heard, [
      [[first, tokens[0]], 1],
      [[tokens[1]], undefined],
      [[tokens[2]], undefined],
    ]);
  }),

  contractCase("callers that want no guesses share their decodes with one that does", async (bench) => {
    if (hasNone(bench)) return;
    const { root, create, store, filler, settled } = bench;
    const parent = await root(prompt, {}, letters);
    const { branch, first, produced } = await known(bench, parent, 4);
    const other = parent.forkSync();
    const tokens = tokensOf(produced);
    store.draftWith(scripted((_, ahead) => tokens.slice(ahead.length - 1)));
    const busy = create().prefill(filler(4));
    const { ticks } = store.stats;
    const [, stepped, drafted] = await Promise.all([
      busy,
      store.step([[other, first]]),
      store.run([[branch, first]], { maxTicks: 1, maxTokens: 3, draft: true }),
    ]);
    assert.deepEqual([stepped[0], drafted[0]], [produced[0], produced.slice(0, 3)]);
    assert.deepEqual(
      [other.position, branch.position, store.stats.ticks],
      [parent.position + 1, parent.position + 3, ticks + 1],
    );
    await settled();
  }),

  contractCase(
    "a drafted run that fails, or whose draft throws, leaves every branch as before",
    async (bench) => {
      if (hasNone(bench)) return;
      const { root, store, ctx, hoard } = bench;
      const parent = await root(prompt, {}, letters);
      const { branch, first, produced } = await known(bench, parent, 6);
      const tokens = tokensOf(produced);
      const before = stateOf(branch);
      const { ticks, drafted } = store.stats;
      store.draftWith(scripted((_, ahead, most) => tokens.slice(ahead.length - 1, ahead.length + 1).slice(0, most)));
      const release = await hoard(store.pressure().free - 4);
      await refuses("KV_EXHAUSTED", () => store.run([[branch, first]], { maxTicks: 6, draft: true }));
      release();
      store.draftWith(
        scripted(() => {
          throw new RangeError("from the drafter");
        }),
      );
      await assert.rejects(store.run([[branch, first]], { maxTicks: 6, draft: true }), RangeError);
      // A second draft that throws has decodes to undo.
      const sequence = ctx.engine.open({}, letters);
      await ctx.engine.prefill([{ sequence, tokens: bench.tokens(prompt) }]);
      const row = ctx.engine.row(sequence);
      const draft = (asks: readonly DraftAsk[]) => {
        if (asks[0]?.produced.length) throw new RangeError("from the drafter");
        return [tokens.slice(0, 1)];
      };
      await assert.rejects(
        ctx.engine.run([{ sequence, token: first }], { maxTicks: 5, maxTokens: 5, draft }),
        RangeError,
      );
      assert.deepEqual(ctx.engine.row(sequence), row);
      ctx.engine.close(sequence);
      assert.deepEqual(stateOf(branch), before);
      assert.deepEqual([store.stats.ticks, store.stats.drafted, store.pressure().reserved], [ticks, drafted, 0]);
    },
    small,
  ),

  contractCase("guesses that are none are refused, and nothing is written", async (bench) => {
    if (hasNone(bench)) return;
    const { root, ctx, settled } = bench;
    const branch = await root(prompt, {}, letters);
    const { token } = branch.produceSync();
    const { engine } = ctx;
    const sequence = engine.open({}, letters);
    await engine.prefill([{ sequence, tokens: bench.tokens(prompt) }]);
    const row = engine.row(sequence);
    const { draftRows, nVocab } = engine.capabilities;
    const lists: readonly (readonly [string, unknown])[] = [
      ["no list", undefined],
      ["no list of lists", [1]],
      ["too few lists", []],
      ["too many lists", [[], []]],
      ["too many guesses", [Array.from({ length: draftRows + 1 }, () => 0)]],
      ["no token", [[nVocab]]],
      ["a negative token", [[-1]]],
      ["a fraction", [[0.5]]],
      ["a word", [["a"]]],
    ];
    for (const [what, answer] of lists) {
      const draft = () => answer as Token[][];
      await refuses("INVALID_ARGUMENT", () => engine.run([{ sequence, token }], { maxTokens: 99, draft }), what);
      assert.deepEqual(engine.row(sequence), row, what);
    }
    engine.close(sequence);
    await settled();
  }),

  contractCase(
    "a branch that is pruned while its guesses are verified gives all of its cells back",
    async (bench) => {
      if (hasNone(bench)) return;
      const { root, store, settled } = bench;
      const parent = await root(prompt, {}, letters);
      const { branch: doomed, first, produced } = await known(bench, parent, 4);
      const kept = parent.forkSync();
      const tokens = tokensOf(produced);
      store.draftWith(scripted((_, ahead) => [...tokens.slice(ahead.length - 1, ahead.length), 0]));
      const running = store.run(
        [
          [doomed, first],
          [kept, first],
        ],
        { maxTicks: 4, draft: true },
      );
      doomed.pruneSync();
      assert.deepEqual(await running, [[], produced]);
      await settled();
    },
    cells,
  ),

  contractCase("where guesses cannot be verified nobody is asked for any", async ({ root, store, ctx }) => {
    if (ctx.engine.capabilities.draftRows > 0) return;
    const branch = await root();
    store.draftWith(scripted(() => assert.fail("asked")));
    const { token } = branch.produceSync();
    const produced = only(await store.run([[branch, token]], { maxTicks: 3, draft: true }));
    assert.ok(produced.length > 0);
    assert.equal(store.stats.drafted, 0);
  }),
];
