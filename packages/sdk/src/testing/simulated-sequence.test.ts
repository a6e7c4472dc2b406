import { expect, it } from "vitest";
import { produce, type SequenceState } from "./simulated-sequence.ts";
import { createSimulatedVocabulary } from "./simulated-vocabulary.ts";

const vocabulary = createSimulatedVocabulary();
const flat: SequenceState = {
  cells: [],
  row: new Float32Array(vocabulary.size),
  sampling: { temperature: 1 },
  commits: 0,
  grammar: undefined,
  pendingBytes: [],
};

it("draws anew after every commit and for every seed, and the same again for the same", () => {
  const drawn = (seed: number, commits: number) =>
    produce(vocabulary, { ...flat, sampling: { temperature: 1, seed }, commits }).token;
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  expect(new Set(numbers.map((commits) => drawn(1, commits))).size).toBeGreaterThan(15);
  expect(new Set(numbers.map((seed) => drawn(seed, 1))).size).toBeGreaterThan(15);
  expect(numbers.map((seed) => drawn(seed, seed))).toEqual(numbers.map((seed) => drawn(seed, seed)));
});
