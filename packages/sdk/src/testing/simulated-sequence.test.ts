import { expect, it } from "vitest";
import { resolveSampling } from "../backend/sampling.ts";
import { drawn, emptySequence, produce } from "./simulated-sequence.ts";
import { createSimulatedVocabulary } from "./simulated-vocabulary.ts";

const vocabulary = createSimulatedVocabulary();
const state = (seed: number, commits: number) => ({
  ...emptySequence(resolveSampling({ temperature: 100, seed })),
  path: 1,
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
