import { createContext } from "@lloyal-labs/lloyal.node";
import { Branch, BranchStore, type Produced, type SamplingParams, type Token } from "@lloyal-labs/sdk";
import { quantile, round } from "../figures.ts";

/** A tick of `branches` branches over one shared prefix, and what of it is not `llama_decode`. */
export interface TickShare {
  sampling: keyof typeof samplings;
  branches: number;
  /** Median milliseconds from one decode's start to the next, all of ours included. */
  tickMs: number;
  /** (wall - llama_decode) / wall: the median of `rounds` measurements, and all of them. */
  share: number;
  shares: number[];
}

const samplings = {
  greedy: {},
  sampled: { temperature: 0.8, topK: 40, topP: 0.95, repeatPenalty: 1.1, penaltyLastN: 64, seed: 7 },
} satisfies Record<string, SamplingParams>;

const prefixTokens = 1024;
const ticks = 48;
const rounds = 5;
/** Until V8 has compiled what a tick runs. */
const coldTicks = 3000;
/** Before each measurement. */
const warmTicks = 4;

/** All widths and samplings in turn, so that a slow minute of the machine falls on all of them. */
export async function tickShares(
  modelPath: string,
  widths: readonly number[] = [1, 2, 4, 8, 16],
): Promise<TickShare[]> {
  const ctx = await createContext({ modelPath, nCtx: 4096, nSeqMax: 17, nBatch: 512, nUbatch: 512 });
  try {
    const store = new BranchStore(ctx);
    const spine = Branch.create(ctx, 0);
    await spine.prefill(
      plainTokens(
        ctx.language.tokenize([{ origin: "user", text: "The tide comes in, the tide goes out. " }]),
        prefixTokens,
      ),
    );
    const measure = async (branches: number, params: SamplingParams) => {
      const forks = store.forkMany(spine, branches);
      for (const [i, fork] of forks.entries()) fork.setSamplerParams({ ...params, seed: i });
      const measured = await shareOf(ctx, store, forks);
      for (const fork of forks) fork.pruneSync();
      return measured;
    };
    for (let done = 0; done < coldTicks; done += warmTicks + ticks) await measure(1, samplings.greedy);

    const kinds = widths.flatMap((branches) =>
      (Object.keys(samplings) as (keyof typeof samplings)[]).map((sampling) => ({ sampling, branches })),
    );
    const measured = kinds.map((): Measured[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, { branches, sampling }] of kinds.entries())
        measured[i]?.push(await measure(branches, samplings[sampling]));
    }
    return kinds.map((kind, i) => {
      const all = measured[i] as Measured[];
      const shares = all.map(({ share }) => share);
      const tickMs = quantile(
        all.map((each) => each.tickMs),
        0.5,
      );
      return { ...kind, tickMs, share: quantile(shares, 0.5), shares };
    });
  } finally {
    await ctx.dispose();
  }
}

type Measured = Pick<TickShare, "tickMs" | "share">;

async function shareOf(
  ctx: { decodeMs(): number },
  store: BranchStore,
  branches: readonly Branch[],
): Promise<Measured> {
  // A stop token is written like any other: what a tick costs does not depend on what it says.
  let tokens: Token[] = branches.map((branch) => branch.produceSync().token);
  const tick = async () => {
    const produced = await store.step(branches.map((branch, i) => [branch, tokens[i] as Token] as const));
    tokens = produced.map((each) => (each as Produced).token);
  };
  for (let i = 0; i < warmTicks; i++) await tick();
  const laps: number[] = [];
  const [start, decodedBefore] = [performance.now(), ctx.decodeMs()];
  for (let i = 0, last = start; i < ticks; i++) {
    await tick();
    const now = performance.now();
    laps.push(now - last);
    last = now;
  }
  const wall = performance.now() - start;
  return { tickMs: quantile(laps, 0.5), share: round((wall - (ctx.decodeMs() - decodedBefore)) / wall) };
}

/** `count` tokens of a text said over and over. */
function plainTokens(text: readonly Token[], count: number): Token[] {
  return Array.from({ length: count }, (_, i) => text[i % text.length] as Token);
}
