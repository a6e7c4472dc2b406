import { describe, expect, it } from "vitest";
import { addBiases } from "./bias.ts";
import { type Candidate, entropyOf, probabilities, rank } from "./candidates.ts";
import { draw } from "./draw.ts";
import { dry } from "./dry.ts";
import { minP } from "./min-p.ts";
import { mirostat1, mirostat2, nextMu } from "./mirostat.ts";
import { penalise } from "./penalties.ts";
import { smallestMass } from "./smallest-mass.ts";
import { temper } from "./temperature.ts";
import { topK } from "./top-k.ts";
import { topNSigma } from "./top-n-sigma.ts";
import { topP } from "./top-p.ts";
import { typical } from "./typical.ts";
import { xtc } from "./xtc.ts";

/** Tokens 0, 1, ... with these probabilities, which fall. */
const withChances = (...chances: number[]): Candidate[] => chances.map((p, token) => ({ token, logit: Math.log(p) }));
const tokens = (candidates: readonly Candidate[]) => candidates.map(({ token }) => token);
const halves = withChances(0.5, 0.25, 0.125, 0.125);

describe("candidates", () => {
  it("stand with the highest logit first, ties by id, without what is forbidden or -Infinity", () => {
    expect(tokens(rank([1, 3, 2, 3, -Infinity], (token) => token !== 2))).toEqual([1, 3, 0]);
  });

  it("have the softmax of their logits as probabilities, large ones too", () => {
    expect(probabilities(rank([1000, 1000], () => true))).toEqual([0.5, 0.5]);
    const [a, b] = probabilities(withChances(0.75, 0.25));
    expect([a, b]).toEqual([expect.closeTo(0.75, 12), expect.closeTo(0.25, 12)]);
    expect(entropyOf([0.5, 0.25, 0.25, 0])).toBeCloseTo(1.5 * Math.LN2, 12);
  });
});

describe("single logits", () => {
  it("take a bias", () => {
    const logits = Float64Array.of(1, 2, 3);
    addBiases(
      logits,
      new Map([
        [0, 0.5],
        [2, -Infinity],
      ]),
    );
    expect([...logits]).toEqual([1.5, 2, -Infinity]);
  });

  it("are penalised by a factor, per time and for once", () => {
    const logits = Float64Array.of(4, -4, 4, 0);
    penalise(logits, [0, 1, 0, 0], { repeatPenalty: 2, frequencyPenalty: 0.5, presencePenalty: 1 });
    // 4 / 2 - 3 x 0.5 - 1, and -4 x 2 - 0.5 - 1
    expect([...logits]).toEqual([-0.5, -9.5, 4, 0]);
  });
});

describe("DRY", () => {
  const after = (window: number[], params: Partial<Parameters<typeof dry>[2]> = {}) => {
    const logits = new Float64Array(10);
    dry(logits, window, { dryMultiplier: 1, dryBase: 2, dryAllowedLength: 2, dryBreakers: [], ...params });
    return [...logits].flatMap((logit, token) => (logit === 0 ? [] : [[token, logit]]));
  };

  it("finds the token that would go on the last tokens", () => {
    expect(after([1, 2, 9, 1, 2])).toEqual([[9, -1]]);
    expect(after([3, 1, 2, 9, 3, 1, 2])).toEqual([[9, -2]]);
    expect(after([5, 3, 1, 2, 9, 5, 3, 1, 2], { dryMultiplier: 0.5 })).toEqual([[9, -2]]);
    expect(after([2, 9, 1, 2])).toEqual([]);
  });

  it("takes the longest of several repetitions, and one that overlaps itself", () => {
    expect(after([3, 1, 2, 9, 7, 1, 2, 9, 3, 1, 2])).toEqual([[9, -2]]);
    expect(after([4, 4, 4, 4])).toEqual([[4, -2]]);
  });

  it("ends a repetition at a breaker, and leaves breakers alone", () => {
    expect(after([3, 1, 2, 9, 3, 1, 2], { dryBreakers: [3] })).toEqual([[9, -1]]);
    expect(after([3, 1, 2, 9, 3, 1, 2], { dryBreakers: [1] })).toEqual([]);
    expect(after([3, 1, 2, 9, 3, 1, 2], { dryBreakers: [9] })).toEqual([]);
  });

  it("takes no more than a finite amount", () => {
    expect(after(Array(2000).fill(4), { dryBase: 1e6 })).toEqual([[4, -1e9]]);
  });
});

describe("cuts", () => {
  it("top-n-sigma keeps what is within n deviations of the best", () => {
    // Logits 4, 2, 0: the deviation is sqrt(8 / 3), about 1.63.
    const candidates = rank([4, 2, 0], () => true);
    expect([0, 1, 1.3, 2.5].map((n) => topNSigma(candidates, n).length)).toEqual([3, 1, 2, 3]);
  });

  it("top-k keeps k, and all for 0", () => {
    expect([0, 1, 3, 9].map((k) => topK(halves, k).length)).toEqual([4, 1, 3, 4]);
  });

  it("top-p keeps the smallest head that reaches p, and all for 1", () => {
    expect([0.4, 0.6, 0.8, 0.9, 1].map((p) => topP(halves, p).length)).toEqual([1, 2, 3, 4, 4]);
    // Ten times 0.1 is a little less than 1.
    expect(smallestMass(Array(10).fill(0.1), 1)).toBe(10);
  });

  it("min-p drops what is below its share of the best", () => {
    expect([0, 0.2, 0.3, 0.6, 1].map((p) => minP(halves, p).length)).toEqual([4, 4, 2, 1, 1]);
  });

  it("typical keeps what is as surprising as the row on average, in the order of the logits", () => {
    // Entropy 1.75 bits; surprises 1, 2, 3, 3 bits: 2 is nearest, then 1, then 3 and 3.
    expect([0.2, 0.7, 0.8, 1].map((p) => tokens(typical(halves, p)))).toEqual([[1], [0, 1], [0, 1, 2], [0, 1, 2, 3]]);
  });

  it("XTC keeps only the last of those that reach the threshold, where the coin says so", () => {
    const under = (threshold: number, coin: number) => tokens(xtc(halves, { probability: 0.5, threshold, coin }));
    expect([under(0.2, 0.4), under(0.1, 0), under(0.4, 0)]).toEqual([[1, 2, 3], [3], [0, 1, 2, 3]]);
    expect([under(0.2, 0.5), under(0.5001, 0)]).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
  });
});

describe("Mirostat", () => {
  it("2 keeps what surprises by at most mu bits, and always the best", () => {
    expect([0, 1.1, 2.1, 3.1].map((mu) => mirostat2(halves, mu).length)).toEqual([1, 1, 2, 4]);
  });

  it("1 keeps as many as a Zipf distribution of the same slope needs", () => {
    // p ~ 1 / rank^2: s = 2, epsilon = 1, so k = sqrt(2^mu / (1 - 1 / nVocab)).
    const zipf = withChances(...Array.from({ length: 1000 }, (_, i) => 1 / (i + 1) ** 2));
    expect([-3, 4.1, 6.7, 8.1].map((mu) => mirostat1(zipf, mu, 1000).length)).toEqual([1, 4, 10, 16]);
    expect(mirostat1(zipf.slice(0, 1), 5, 1000)).toHaveLength(1);
  });

  it("moves its bound against the surprise, and not by what could not be drawn", () => {
    expect(nextMu(10, 7, { tau: 5, eta: 0.5 })).toBe(9);
    expect(nextMu(10, 3, { tau: 5, eta: 0.5 })).toBe(11);
    expect(nextMu(10, Infinity, { tau: 5, eta: 0.5 })).toBe(10);
  });
});

describe("temperature", () => {
  const flat = rank([2, 2], () => true);
  const logits = (candidates: readonly Candidate[]) => candidates.map(({ logit }) => logit);

  it("divides the logits", () => {
    expect(
      logits(
        temper(
          rank([4, 2], () => true),
          { temperature: 2, range: 0, exponent: 1 },
        ),
      ),
    ).toEqual([2, 1]);
  });

  it("is highest for a flat row and lowest for a sure one, where it is dynamic", () => {
    expect(logits(temper(flat, { temperature: 1.5, range: 0.5, exponent: 3 }))[0]).toBeCloseTo(1, 12);
    const sure = rank([1000, 0], () => true);
    expect(logits(temper(sure, { temperature: 1.5, range: 0.5, exponent: 3 }))).toEqual([1000, 0]);
    expect(tokens(temper(sure, { temperature: 1, range: 2, exponent: 1 }))).toEqual([0]);
  });

  it("goes by the entropy's share to the power of the exponent", () => {
    // Entropy 1.75 bits of 2: 0.875. Temperature 0 + 2 x 0.875^2.
    const [best] = temper(halves, { temperature: 1, range: 1, exponent: 2 });
    expect(best?.logit).toBeCloseTo(Math.log(0.5) / 1.53125, 12);
  });
});

describe("the draw", () => {
  it("finds its number among the probabilities laid end to end", () => {
    expect([0, 0.49, 0.51, 0.74, 0.76, 0.88, 1 - 2 ** -32].map((uniform) => draw(halves, uniform))).toEqual([
      0, 0, 1, 1, 2, 3, 3,
    ]);
    expect(draw([], 0.5)).toBeUndefined();
  });
});
