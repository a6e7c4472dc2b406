// Tokens that a model file says are never to be written.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { tinyModel } from "@lloyal-labs/models/testing";
import { afterAll, expect, it } from "vitest";
import { createContext, loadVocabulary } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "lloyal-suppressed-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("are drawn by no means, and may be committed", async () => {
  const modelPath = join(folder, "suppressed.gguf");
  const model = tinyModel();
  const [least, most] = [32, 96];
  const value = Int32Array.from({ length: most - least }, (_, i) => least + i);
  model.metadata.set("tokenizer.ggml.suppress_tokens", { type: "array", items: "i32", value });
  writeFileSync(modelPath, writeGguf(model));
  expect((await loadVocabulary(modelPath)).suppressed).toEqual([...value]);

  const ctx = await createContext({ modelPath, nCtx: 256, nSeqMax: 2, nThreads: 1 });
  const { engine } = ctx;
  try {
    const sequence = engine.open({}, undefined);
    await engine.prefill([{ sequence, tokens: [110, 111] }]);
    const isSuppressed = (token: number) => token >= least && token < most;
    const best = [...value].reduce((a, b) => ((engine.row(sequence)[b] ?? 0) > (engine.row(sequence)[a] ?? 0) ? b : a));
    for (const sampling of [
      {},
      { temperature: 2 },
      { temperature: 2, topP: 0.9 },
      { temperature: 1, mirostat: 2 as const },
    ]) {
      engine.setSampling(sequence, sampling);
      for (const bias of [0, 1000]) {
        engine.setLogitBias(sequence, [{ token: best, bias }]);
        for (let i = 0; i < 50; i++) expect(isSuppressed(engine.sample(sequence))).toBe(false);
        expect(isSuppressed(engine.produce(sequence).token)).toBe(false);
      }
    }
    await engine.commit([{ sequence, token: best }]);
    expect(engine.metrics(sequence).samplingPerplexity).toBe(Number.POSITIVE_INFINITY);
    engine.setLogitBias(sequence, []);
    // A grammar that allows nothing else has nothing left.
    engine.setGrammar(sequence, 'root ::= "   "');
    expect(() => engine.produce(sequence)).toThrow(/allow/);
  } finally {
    await ctx.dispose();
  }
});
