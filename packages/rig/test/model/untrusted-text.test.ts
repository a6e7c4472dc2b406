import { loadVocabulary } from "@lloyal-labs/lloyal.node";
import { describe, it } from "vitest";
import { checkUntrustedText } from "../untrusted/check.ts";

const { LLOYAL_SMOL: smol = "", LLOYAL_QWEN: qwen = "", LLOYAL_RUNS = "10000" } = process.env;
const runs = Number(LLOYAL_RUNS);

// Only the vocabularies are loaded: nothing is decoded.
describe("text that others wrote yields no structure and reads back, by every way into a prompt", () => {
  it.skipIf(!smol)("of SmolLM2, whose vocabulary lacks eight bytes", async () =>
    checkUntrustedText(await loadVocabulary(smol), {
      runs,
      missingBytes: [0x04, 0x06, 0x13, 0x14, 0x16, 0x1d, 0xf1, 0xf2],
    }),
  );

  it.skipIf(!qwen)("of Qwen2.5, whose vocabulary has all of them", async () =>
    checkUntrustedText(await loadVocabulary(qwen), { runs }),
  );
});
