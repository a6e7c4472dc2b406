// The sampler on real rows: what the contract suite, whose rows need mean nothing, cannot ask.
import {
  type Engine,
  type GrammarTrigger,
  resolveSampling,
  type SamplingParams,
  type SessionContext,
  type Token,
} from "@lloyal-labs/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createContext } from "../../src/index.ts";

const modelPath = process.env.LLOYAL_SMOL ?? "";
const code = (value: string) => expect.objectContaining({ code: value });

describe.skipIf(!modelPath)("the native sampler on real weights", () => {
  let ctx: SessionContext;
  let engine: Engine;

  beforeAll(async () => {
    ctx = await createContext({ modelPath, nCtx: 1024, nSeqMax: 4, nThreads: 1 });
    engine = ctx.engine;
  });
  afterAll(() => ctx?.dispose());

  const tokensOf = (text: string): Token[] => ctx.language.tokenize([{ text, origin: "user" }]);

  async function started(text: string, sampling?: SamplingParams) {
    const sequence = engine.open(sampling);
    await engine.prefill([{ sequence, tokens: tokensOf(text) }]);
    return sequence;
  }

  async function write(sequence: number, count: number): Promise<Token[]> {
    const written: Token[] = [];
    for (let i = 0; i < count; i++) {
      const { token, isStop } = engine.produce(sequence);
      if (isStop) break;
      written.push(token);
      await engine.commit([{ sequence, token }]);
    }
    return written;
  }

  /** How often three tokens in a row have come before. */
  function repeats(tokens: readonly Token[]): number {
    const triples = tokens.slice(2).map((_, i) => tokens.slice(i, i + 3).join(" "));
    return triples.length - new Set(triples).size;
  }

  it("falls into a loop without DRY and comes out of it with", async () => {
    const text = "1, 1, 1, 1, 1, 1, 1, 1, 1,";
    const [plain, dry] = [await started(text), await started(text, { dryMultiplier: 4, dryAllowedLength: 2 })];
    expect(repeats(await write(plain, 40))).toBeGreaterThan(25);
    expect(repeats(await write(dry, 40))).toBeLessThan(5);
    for (const sequence of [plain, dry]) engine.close(sequence);
  });

  it("finds sense less perplexing than the same words in another order", async () => {
    const words = "the cat sat on the mat and looked at the bird in the tree".split(" ");
    const perplexities = await Promise.all(
      [words, [...words].reverse()].map(async (order) => {
        const sequence = await started("A story: ");
        for (const token of tokensOf(order.join(" "))) await engine.commit([{ sequence, token }]);
        const { perplexity, samplingPerplexity } = engine.metrics(sequence);
        expect(samplingPerplexity).toBe(Number.POSITIVE_INFINITY);
        engine.close(sequence);
        return perplexity;
      }),
    );
    expect(perplexities[0]).toBeGreaterThan(1);
    expect(perplexities[1]).toBeGreaterThan(2 * (perplexities[0] as number));
  });

  it("keeps Mirostat near its target surprise", async () => {
    for (const mirostat of [1, 2] as const) {
      const sequence = await started("Once upon a time", { temperature: 1, mirostat, mirostatTau: 3, seed: 7 });
      await write(sequence, 120);
      const bits = Math.log2(engine.metrics(sequence).samplingPerplexity);
      expect(bits).toBeGreaterThan(2);
      expect(bits).toBeLessThan(4);
      engine.close(sequence);
    }
  });

  it.each<GrammarTrigger>([
    { type: "word", text: '{"year":' },
    { type: "pattern", source: String.raw`\n\s*({"year":)` },
  ])("lets a lazy grammar wait through ordinary text for its $type", async (trigger) => {
    const sequence = await started("The answer as JSON:");
    engine.setLazyGrammar(sequence, String.raw`root ::= "{\"year\": " [0-9]{4} "}"`, [trigger]);
    for (const token of tokensOf(' any text, {"year" too, and then\n {"year":')) {
      await engine.commit([{ sequence, token }]);
    }
    const text = ctx.language.detokenize(await write(sequence, 12));
    expect(text).toMatch(/^ [0-9]{4}}$/);
    engine.close(sequence);
  });

  it("refuses a pattern that cannot be followed in a stream, and keeps the grammar before", async () => {
    const sequence = await started("Say", {});
    engine.setGrammar(sequence, 'root ::= "zebra"');
    const before = engine.produce(sequence);
    for (const source of ["(?=a)b", "(a)\\1", "\\bword"]) {
      const set = () => engine.setLazyGrammar(sequence, "root ::= [a-z]+", [{ type: "pattern", source }]);
      expect(set).toThrow(code("INVALID_ARGUMENT"));
    }
    expect(engine.produce(sequence)).toEqual(before);
    engine.close(sequence);
  });

  it("draws the likeliest token under whatever leaves only one", async () => {
    const sequence = await started("The weather is", { temperature: 1, seed: 3 });
    const row = engine.row(sequence);
    const best = row.indexOf(Math.max(...row));
    const narrow: SamplingParams[] = [{ topK: 1 }, { topP: 1e-9 }, { minP: 1 }, { topNSigma: 1e-9 }];
    for (const params of narrow) {
      engine.setSampling(sequence, { temperature: 5, ...params });
      for (let i = 0; i < 20; i++) expect(engine.sample(sequence)).toBe(best);
    }
    expect(() => engine.setSampling(sequence, { ...resolveSampling(), dryBreakers: [row.length] })).toThrow(
      code("INVALID_ARGUMENT"),
    );
    engine.close(sequence);
  });
});
