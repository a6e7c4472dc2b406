import { createContext, type NativeSession } from "@lloyal-labs/lloyal.node";
import { Branch, BranchStore, buildSystemPrefix, buildUserDelta, type Token } from "@lloyal-labs/sdk";
import type { BenchTarget } from "./arms.ts";
import { quantile, round } from "./figures.ts";

interface DraftFigures {
  /** Median milliseconds of a decode with so many rows of one branch, behind 512 others. */
  rowsMs: { rows: number; ms: number }[];
  /** The same text written with guesses and without. */
  texts: {
    text: string;
    branches: number;
    tokens: number;
    decodes: number;
    drafted: number;
    accepted: number;
    plainMs: number;
    draftedMs: number;
    /** Whether all tokens are the same. */
    isSame: boolean;
  }[];
  /** Greedy choices that came out otherwise beside guesses, the tokens before being the same. */
  flips: { tokens: number; flipped: number };
}

const tokensEach = 64;

/** What guesses cost, what they spare, and whether they change what is written. */
export async function benchDrafts({ modelPath }: BenchTarget): Promise<DraftFigures> {
  const ctx = await createContext({ modelPath, nCtx: 8192, nSeqMax: 9 });
  try {
    const store = new BranchStore(ctx);
    const rowsMs = await rowCosts(ctx);
    const figures: DraftFigures = { rowsMs, texts: [], flips: { tokens: 0, flipped: 0 } };
    for (const branches of [1, 3]) {
      for (const [text, prompt] of Object.entries(prompts)) {
        const roots = await open(ctx, store, prompt, branches);
        const plain = await write(store, roots, false);
        const drafted = await write(store, roots, true);
        const same = plain.tokens.map((tokens, i) => commonLength(tokens, drafted.tokens[i] ?? []));
        figures.texts.push({
          text,
          branches,
          tokens: drafted.tokens.flat().length,
          decodes: drafted.ticks,
          drafted: drafted.drafted,
          accepted: drafted.accepted,
          plainMs: round(plain.ms),
          draftedMs: round(drafted.ms),
          isSame: same.every(
            (length, i) => length === Math.max(plain.tokens[i]?.length ?? 0, drafted.tokens[i]?.length ?? 0),
          ),
        });
        for (const [i, length] of same.entries()) {
          figures.flips.tokens += length;
          if (length < Math.min(plain.tokens[i]?.length ?? 0, drafted.tokens[i]?.length ?? 0)) figures.flips.flipped++;
        }
        for (const root of roots) root.pruneSync();
      }
    }
    return figures;
  } finally {
    await ctx.dispose();
  }
}

export function missedBars({ texts }: DraftFigures): string[] {
  return texts.flatMap(({ text, branches, plainMs, draftedMs }) =>
    text === "quotes" && branches === 1 && draftedMs > 0.8 * plainMs
      ? [`quoting takes ${draftedMs} ms with guesses and ${plainMs} ms without, bar 0.8 of it`]
      : [],
  );
}

const passage = `Bern Hollis opens the kiln on Sundays at seven. The glaze is mixed from ash, feldspar and a little copper
carbonate, which turns green in the upper chamber and red in the lower one. Vessels that crack are ground down and
go into the next batch. Visitors may watch from the gallery, but nobody crosses the yellow line while the dampers
are open. The apprentices log temperature, draught and the colour of the flame every ten minutes, in pencil.`;

const prompts: Record<string, string> = {
  quotes: `Repeat this text word for word, and write nothing else:\n\n${passage}`,
  answers: `${passage}\n\nList in JSON, as [{"who": ..., "does": ...}], everybody in this text and what they do.`,
  "writes freely": "Write a story about a lighthouse keeper who finds a letter in a bottle.",
};

async function open(ctx: NativeSession, store: BranchStore, prompt: string, count: number): Promise<Branch[]> {
  const roots: Branch[] = [];
  for (let i = 0; i < count; i++) {
    const root = Branch.create(ctx, 0);
    await store.prefill([
      [
        root,
        [
          ...buildSystemPrefix(ctx.language, `You are helper number ${i + 1}.`, []),
          ...buildUserDelta(ctx.language, prompt),
        ],
      ],
    ]);
    roots.push(root);
  }
  return roots;
}

/** Forks that write up to `tokensEach` tokens, in ticks as a pool of agents makes them. */
async function write(store: BranchStore, roots: readonly Branch[], draft: boolean) {
  const branches = roots.map((root) => root.forkSync());
  const tokens: Token[][] = branches.map(() => []);
  const next = branches.map((branch) => branch.produceSync());
  const before = store.stats;
  const start = performance.now();
  for (;;) {
    const writing = branches.flatMap((branch, i) => {
      const produced = next[i];
      return produced && !produced.isStop && (tokens[i]?.length ?? 0) < tokensEach
        ? [{ branch, i, token: produced.token }]
        : [];
    });
    if (writing.length === 0) break;
    const results = await store.run(
      writing.map(({ branch, token }) => [branch, token] as const),
      { maxTicks: 1, maxTokens: draft ? 6 : 1, draft },
    );
    for (const [at, { i, token }] of writing.entries()) {
      const produced = results[at] ?? [];
      tokens[i]?.push(token, ...produced.slice(0, -1).map((each) => each.token));
      next[i] = produced.at(-1) as (typeof next)[number];
    }
  }
  const ms = performance.now() - start;
  for (const branch of branches) branch.pruneSync();
  const { ticks, drafted, accepted } = store.stats;
  return {
    tokens: tokens.map((list) => list.slice(0, tokensEach)),
    ms,
    ticks: ticks - before.ticks,
    drafted: drafted - before.drafted,
    accepted: accepted - before.accepted,
  };
}

async function rowCosts({ engine, language, decodeMs }: NativeSession): Promise<DraftFigures["rowsMs"]> {
  const words = language.tokenize([{ origin: "user", text: passage }]);
  const sequence = engine.open();
  await engine.prefill([{ sequence, tokens: Array.from({ length: 512 }, (_, i) => words[i % words.length] as Token) }]);
  const laps = new Map<number, number[]>();
  for (let round = 0; round < 8; round++) {
    for (const rows of [1, 2, 3, 4, 5, 6, 8, 10, 12, 16]) {
      const start = decodeMs();
      // Tokens that never come: all of them are decoded, and gone.
      const draft = () => [Array.from({ length: rows - 1 }, () => 0)];
      await engine.run([{ sequence, token: words[round] as Token }], { maxTokens: rows, draft });
      laps.set(rows, [...(laps.get(rows) ?? []), decodeMs() - start]);
    }
  }
  engine.close(sequence);
  return [...laps].map(([rows, ms]) => ({ rows, ms: round(quantile(ms, 0.5)) }));
}

function commonLength(a: readonly Token[], b: readonly Token[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
