// Model files as the loader meets them: sound ones pass its validator, and what is no model is said to be none.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { validateGguf, writeGguf } from "@lloyal-labs/models/gguf";
import { type TinyModelOptions, tinyModel } from "@lloyal-labs/models/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createContext, loadVocabulary } from "../../src/index.ts";

const { LLOYAL_SMOL: smol = "", LLOYAL_QWEN: qwen = "", LLOYAL_DOCS: docs = "" } = process.env;
const vocabularies = join(docs, "../models");

describe("the tiny model", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lloyal-tiny-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function write(name: string, model = tinyModel()): string {
    const path = join(folder, name);
    writeFileSync(path, writeGguf(model));
    return path;
  }

  it.each<TinyModelOptions>([
    { architecture: "llama" },
    { architecture: "llama", experts: 4 },
    { architecture: "qwen2" },
    { architecture: "qwen3" },
  ])("is loaded and decoded by llama.cpp as %j", async (family) => {
    for (const tokenizer of ["gpt2", "llama"] as const) {
      const modelPath = write("tiny.gguf", tinyModel({ ...family, tokenizer }));
      const { engine, language, dispose } = await createContext({ modelPath, nCtx: 256, nSeqMax: 2, nThreads: 1 });
      const tokens = language.tokenize([...language.user("The kiln, 1240°."), ...language.generationPrompt]);
      const [one, other] = [engine.open(), engine.open()];
      await engine.prefill([
        { sequence: one, tokens },
        { sequence: other, tokens: tokens.slice(1) },
      ]);
      expect(engine.row(one)).not.toEqual(engine.row(other)); // it attends
      const [written] = await engine.run([{ sequence: one, token: engine.produce(one).token }], { maxTicks: 8 });
      expect(written?.length).toBeGreaterThan(0);
      await dispose();
    }
  });

  it("has a token for each byte, and one for each literal of ChatML", async () => {
    const vocabulary = await loadVocabulary(write("bytes.gguf"));
    const text = "A kiln\tat 1240 °C 🦙\n";
    expect(vocabulary.tokenize(text, true)).toEqual([...Buffer.from(text)]);
    expect(vocabulary.tokenize("<|im_start|><|im_end|>", true)).toEqual([257, 258]);
    expect(vocabulary.isStop(258)).toBe(true);
  });

  it("without weights still gives its vocabulary, and no context", async () => {
    const model = tinyModel();
    model.tensors = [];
    const path = write("vocabulary.gguf", model);
    expect((await loadVocabulary(path)).size).toBe(264);
    await expect(createContext({ modelPath: path })).rejects.toThrow("the file is a vocabulary without weights");
  });

  it("with weights that are no numbers is loaded, and its decode fails with a typed error", async () => {
    const model = tinyModel();
    model.tensors[0]!.data = new Uint8Array(new Float32Array(264 * 64).fill(Number.NaN).buffer);
    const { engine, dispose } = await createContext({ modelPath: write("nan.gguf", model), nCtx: 256, nThreads: 1 });
    const sequence = engine.open();
    await expect(engine.prefill([{ sequence, tokens: [1, 2, 3] }])).rejects.toMatchObject({ code: "DECODE_FAILED" });
    await dispose();
  });
});

describe("the validator passes", () => {
  it.skipIf(!smol)("the real models", async () => {
    for (const path of [smol, qwen]) await validateGguf(path);
  });

  it.skipIf(!docs || !existsSync(vocabularies))(
    "every vocabulary that llama.cpp brings, but those of encoders",
    async () => {
      const names = readdirSync(vocabularies).filter((name) => name.endsWith(".gguf"));
      expect(names.length).toBeGreaterThan(10);
      for (const name of names) {
        const validation = validateGguf(join(vocabularies, name), { vocabularyOnly: true });
        if (name.includes("bert"))
          await expect(validation).rejects.toMatchObject({ facts: { rule: "tokenizerIsKnown" } });
        else await validation;
      }
    },
  );
});
