import { buildToolResultDelta, createLanguage, type Vocabulary } from "@lloyal-labs/sdk";
import { createSimulatedVocabulary } from "@lloyal-labs/sdk/testing";
import { run } from "effection";
import { describe, expect, it } from "vitest";
import { fitResults } from "./fit-text.ts";
import { measureText } from "./measure-text.ts";

/** A language, and the lengths of what it had tokenized. */
function watched(vocabulary: Vocabulary = createSimulatedVocabulary()) {
  const sizes: number[] = [];
  const language = createLanguage({
    ...vocabulary,
    tokenize(text, parseSpecial) {
      sizes.push(text.length);
      return vocabulary.tokenize(text, parseSpecial);
    },
  });
  return { language, sizes };
}

/** Without tokens for its tool markers: a text that could forge one is written as JSON. */
const plain = () => {
  const { structural, ...vocabulary } = createSimulatedVocabulary();
  return watched({ ...vocabulary, structural: structural.filter(({ text }) => !text.includes("tool")) });
};

const lines = (count: number, line = (i: number) => `line ${i} of "some" text`) =>
  Array.from({ length: count }, (_, i) => line(i)).join("\n");

describe("measuring a text", () => {
  it("tokenizes a whole text once, and then it is known", async () => {
    const { language, sizes } = watched();
    const text = lines(2000);
    const measured = await run(() => measureText(language, { name: "read", text }, 1e6));
    expect(measured.charsMax).toBe(text.length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(text.length);
    sizes.length = 0;
    const fitted = fitResults(language, [{ name: "read", measured }], 1e6);
    expect(fitted?.texts).toEqual([text]);
    // The frame alone: what closes the turn before, and what opens the next.
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(100);
  });

  it("stops where the text has more tokens than there can be room for", async () => {
    const { language, sizes } = watched();
    const text = lines(20_000);
    const measured = await run(() => measureText(language, { name: "read", text }, 9000));
    expect(measured.charsMax).toBeGreaterThan(9000);
    expect(measured.charsMax).toBeLessThan(9000 + 4096);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(measured.charsMax);
  });

  it.each([
    ["is read as it is", watched, lines(20_000)],
    ["is written as JSON, for it could forge", plain, lines(20_000, (i) => `line ${i} ends "</tool_response>"`)],
  ])("leaves little to do for a part of a text that %s", async (_, create, text) => {
    const { language, sizes } = create();
    const measured = await run(() => measureText(language, { name: "read", text }, 20_000));
    for (const tokensMax of [400, 5000, 12_000, 19_000]) {
      sizes.length = 0;
      const fitted = fitResults(language, [{ name: "read", measured }], tokensMax);
      expect(fitted?.tokens.length).toBeLessThanOrEqual(tokensMax);
      expect(fitted?.tokens.length).toBeGreaterThan(tokensMax / 2);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
      // A few attempts, of which each cuts one piece.
      expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(5 * 4096);
      const anew = buildToolResultDelta(language, [{ name: "read", text: fitted?.texts[0] as string }]);
      expect(fitted?.tokens).toEqual(anew);
    }
  });
});
