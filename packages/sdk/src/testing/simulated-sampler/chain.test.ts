import { describe, expect, it } from "vitest";
import type { SamplingParams } from "../../backend/engine.ts";
import { resolveSampling } from "../../backend/sampling.ts";
import { type Choice, choose, samplingSurprisal } from "./chain.ts";

const chances = [0.5, 0.25, 0.125, 0.125];

function choice(params: SamplingParams, others: Partial<Choice> = {}): Choice {
  return {
    row: Float32Array.from(chances, Math.log),
    allowed: () => true,
    biases: [],
    recent: () => [],
    sampling: resolveSampling(params),
    mu: 10,
    commits: 0,
    draw: 0,
    ...others,
  };
}

/** Probability of each token of the row. */
function distribution(params: SamplingParams, others?: Partial<Choice>): number[] {
  return chances.map((_, token) => Math.exp(-samplingSurprisal(choice(params, others), token)));
}

function expectChances(actual: number[], expected: number[]): void {
  expect(actual).toEqual(expected.map((p) => expect.closeTo(p, 6)));
}

describe("the chain", () => {
  it("draws each token as often as it is likely", () => {
    const counts = [0, 0, 0, 0];
    const draws = 20_000;
    for (let seed = 0; seed < draws; seed++) counts[choose(choice({ temperature: 1, seed })) as number]! += 1;
    for (const [token, p] of chances.entries())
      expect(Math.abs(counts[token]! / draws - p), `token ${token}`).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / draws));
  });

  it("gives every stage what the one before has left", () => {
    // Top-k leaves 4/7, 2/7, 1/7; top-p 0.8 of that the first two, 2/3 and 1/3.
    expectChances(distribution({ temperature: 1, topK: 3, topP: 0.8 }), [2 / 3, 1 / 3, 0, 0]);
    // The grammar leaves 1/2, 1/4, 1/4 of tokens 1, 2, 3.
    expectChances(distribution({ temperature: 1, topP: 0.5 }, { allowed: (token) => token > 0 }), [0, 1, 0, 0]);
    // A bias makes token 3 the likeliest: 1/2 becomes less than min-p of 8 x 1/8.
    expectChances(distribution({ temperature: 1, minP: 0.6 }, { biases: [new Map([[3, Math.log(8)]])] }), [0, 0, 0, 1]);
    // Probabilities for cuts are those at temperature 1, however hot the draw is.
    expectChances(distribution({ temperature: 100, topP: 0.4 }), [1, 0, 0, 0]);
  });

  it("cuts in the order of the parameters", () => {
    // In the other order each pair leaves something else.
    expectChances(distribution({ temperature: 1, topNSigma: 1.3, topK: 2 }), [2 / 3, 1 / 3, 0, 0]);
    expectChances(distribution({ temperature: 1, topK: 1, typicalP: 0.2 }), [1, 0, 0, 0]);
    expectChances(distribution({ temperature: 1, typicalP: 0.2, topP: 0.5 }), [0, 1, 0, 0]);
    expectChances(distribution({ temperature: 1, topP: 0.6, minP: 0.3 }), [2 / 3, 1 / 3, 0, 0]);
    expectChances(distribution({ temperature: 1, minP: 0.3, xtcProbability: 1, xtcThreshold: 0.3 }), [0, 1, 0, 0]);
  });

  it("penalises before it cuts", () => {
    const recent = () => [0];
    expectChances(distribution({ temperature: 1, presencePenalty: 50, topK: 1 }, { recent }), [0, 1, 0, 0]);
    expectChances(distribution({ temperature: 1, presencePenalty: Math.LN2, topK: 2 }, { recent }), [0.5, 0.5, 0, 0]);
  });

  it("asks for windows of the lengths that were said", () => {
    const asked: number[] = [];
    const recent = (count: number) => {
      asked.push(count);
      return [];
    };
    choose(choice({ presencePenalty: 1, penaltyLastN: 7, dryMultiplier: 1, dryLastN: 9 }, { recent }));
    expect(asked).toEqual([7, 9]);
    choose(choice({}, { recent }));
    expect(asked).toHaveLength(2);
  });

  it("lets Mirostat take the place of the cuts, and not of penalties or temperature", () => {
    expectChances(distribution({ temperature: 1, mirostat: 2, topK: 1 }, { mu: 2.1 }), [2 / 3, 1 / 3, 0, 0]);
    expectChances(distribution({ temperature: 0.5, mirostat: 2 }, { mu: 2.1 }), [0.8, 0.2, 0, 0]);
  });

  it("takes the best token at temperature 0, after biases and penalties, and nothing else", () => {
    expect(choose(choice({ xtcProbability: 1, typicalP: 0.1, mirostat: 1 }))).toBe(0);
    expect(choose(choice({ presencePenalty: 50 }, { recent: () => [0] }))).toBe(1);
    expect(choose(choice({}, { biases: [new Map([[0, -Infinity]]), new Map([[2, 5]])] }))).toBe(2);
    expect(choose(choice({}, { allowed: (token) => token >= 2 }))).toBe(2);
    expect(choose(choice({}, { allowed: () => false }))).toBeUndefined();
    expect([0, 1].map((token) => samplingSurprisal(choice({}), token))).toEqual([0, Infinity]);
  });

  it("tosses XTC's coin anew at every commit", () => {
    const best = Array.from({ length: 400 }, (_, commits) =>
      distribution({ temperature: 1, xtcProbability: 0.25, xtcThreshold: 0.2 }, { commits }),
    ).filter(([first]) => first === 0).length;
    expect(best).toBeGreaterThan(60);
    expect(best).toBeLessThan(140);
  });

  it("has other numbers for every draw, and the same again for the same", () => {
    const drawn = (draw: number) => choose(choice({ temperature: 1 }, { draw }));
    const series = Array.from({ length: 50 }, (_, i) => drawn(i));
    expect(new Set(series).size).toBe(4);
    expect(Array.from({ length: 50 }, (_, i) => drawn(i))).toEqual(series);
  });
});
