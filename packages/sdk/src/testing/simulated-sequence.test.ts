import { expect, it } from "vitest";
import { resolveSampling } from "../backend/sampling.ts";
import { committed, drawn, emptySequence, prefilled, produce, rowOf } from "./simulated-sequence.ts";
import { createSimulatedVocabulary } from "./simulated-vocabulary.ts";

const vocabulary = createSimulatedVocabulary();
const state = (seed: number, commits: number) => ({
  ...prefilled(vocabulary, emptySequence(resolveSampling({ temperature: 100, seed })), [1]),
  commits,
});

it("draws anew after every commit, for every seed and at every draw, and the same again for the same", () => {
  const produced = (seed: number, commits: number) => produce(vocabulary, state(seed, commits)).token;
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  expect(new Set(numbers.map((commits) => produced(1, commits))).size).toBeGreaterThan(15);
  expect(new Set(numbers.map((seed) => produced(seed, 1))).size).toBeGreaterThan(15);
  expect(new Set(numbers.map((draw) => drawn(vocabulary, state(1, 1), draw))).size).toBeGreaterThan(15);
  expect(numbers.map((seed) => produced(seed, seed))).toEqual(numbers.map((seed) => produced(seed, seed)));
});

it("moves Mirostat's bound by the bits that a commit surprised by, and by nothing that was left out", () => {
  const sampling = resolveSampling({ temperature: 1, mirostat: 2, mirostatTau: 100, mirostatEta: 0.5 });
  const before = { ...state(0, 0), sampling };
  const weights = [...rowOf(vocabulary, before)].map(Math.exp);
  const bits = -Math.log2((weights[7] as number) / weights.reduce((sum, weight) => sum + weight, 0));
  expect(committed(vocabulary, before, 7).mu).toBeCloseTo(200 - 0.5 * (bits - 100), 9);
  const least = weights.indexOf(Math.min(...weights));
  expect(committed(vocabulary, { ...before, mu: 1 }, least).mu).toBe(1);
});

it("draws no token that its vocabulary suppresses, at whatever bias, and writes one all the same", () => {
  const padded = createSimulatedVocabulary([{ text: "<|pad|>", attribute: "control", isSuppressed: true }]);
  expect(padded.suppressed).toEqual([256]);
  for (const temperature of [0, 1]) {
    const start = emptySequence(resolveSampling({ temperature }));
    const before = { ...prefilled(padded, start, [1]), logitBias: new Map([[256, 1000]]) };
    expect(produce(padded, before).token).not.toBe(256);
    expect(committed(padded, before, 256).last?.token).toBe(256);
  }
});
