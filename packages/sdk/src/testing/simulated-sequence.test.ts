import { expect, it } from "vitest";
import { produce, type SequenceState } from "./simulated-sequence.ts";
import { createSimulatedVocabulary } from "./simulated-vocabulary.ts";

const vocabulary = createSimulatedVocabulary();
// So warm that all tokens are about equally likely.
const state: SequenceState = {
  cells: [{ token: 1 }],
  path: 1,
  sampling: { temperature: 100 },
  commits: 0,
  grammar: undefined,
  pendingBytes: [],
};

it("draws anew after every commit and for every seed, and the same again for the same", () => {
  const drawn = (seed: number, commits: number) =>
    produce(vocabulary, { ...state, sampling: { ...state.sampling, seed }, commits }).token;
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  expect(new Set(numbers.map((commits) => drawn(1, commits))).size).toBeGreaterThan(15);
  expect(new Set(numbers.map((seed) => drawn(seed, 1))).size).toBeGreaterThan(15);
  expect(numbers.map((seed) => drawn(seed, seed))).toEqual(numbers.map((seed) => drawn(seed, seed)));
});
