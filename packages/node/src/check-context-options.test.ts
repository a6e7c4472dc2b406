import { availableParallelism } from "node:os";
import { isInferenceError } from "@lloyal-labs/sdk";
import { describe, expect, it } from "vitest";
import { checkContextOptions } from "./check-context-options.ts";
import type { ContextOptions } from "./context-options.ts";

const modelPath = "model.gguf";
const junk = [null, "x", {}, [], () => 0, 2n, Symbol("s")];
const noCount = [...junk, true, 0, -1, 1.5, Number.NaN, Infinity, 2 ** 31, 2 ** 53];
const noFlag = [...junk, 0, 1, "true"];
const noWord = [...junk, 1, true, "", "F16"];

/** What each option may not be; the error must name the option, the value and what is allowed. */
const bad: Record<keyof ContextOptions, readonly unknown[]> = {
  modelPath: [undefined, null, "", 3, {}],
  nCtx: [...noCount, 2 ** 22 + 1],
  nBatch: [...noCount, 65537],
  nUbatch: [...noCount, 65537],
  nSeqMax: [...noCount, 257],
  nThreads: [...noCount, 513],
  nThreadsBatch: [...noCount, 513],
  typeK: [...noWord, "q2_K"],
  typeV: [...noWord, "q2_K"],
  flashAttn: [...noFlag, "auto"],
  deterministic: noFlag,
  gpuLayers: [...junk, true, -1, 1.5, Number.NaN, 1025],
  device: [null, "", 3, {}, true],
  allowCpuFallback: noFlag,
  mmap: noFlag,
  mlock: noFlag,
  embeddings: noFlag,
  poolingType: [...noWord, "max"],
  onProgress: [null, "x", {}, 1],
  signal: [null, "x", {}, 1],
  lora: [
    ...[null, "x", 1, {}, [null], ["adapter.gguf"], [{}], [{ path: "" }], [{ path: 3 }], [{ path: "a", weight: 1 }]],
    ...["1", Number.NaN, 101, -101, Infinity].map((scale) => [{ path: "a", scale }]),
    Array(65).fill({ path: "a" }),
  ],
  ropeScaling: [
    ...[null, "linear", 1, {}, { type: "longrope" }, { type: "linear", scale: 2 }],
    ...[0, 0.5, -1, 1025, Number.NaN, "2"].map((factor) => ({ type: "linear", factor })),
    ...[0, -1, 1e13, Infinity].map((freqBase) => ({ type: "yarn", freqBase })),
    ...[0, 1.5, 2 ** 22 + 1].map((originalContext) => ({ type: "yarn", originalContext })),
    { type: "none", factor: 2 },
    { type: "linear", originalContext: 2048 },
  ],
};

/** Where the field is one of an option's own. */
const messages: Record<string, RegExp> = {
  lora: /lora|LoRA/,
  ropeScaling: /ropeScaling|factor|freqBase|originalContext/,
};

function refusal(options: object): unknown {
  try {
    checkContextOptions({ modelPath, ...options });
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("the options of a context", () => {
  it("have their defaults", () => {
    const nThreads = Math.min(availableParallelism(), 512);
    expect(checkContextOptions({ modelPath })).toEqual({
      load: { modelPath, lora: [] },
      context: {
        ...{ nCtx: 4096, nBatch: 512, nUbatch: 512, nSeqMax: 16, nThreads, nThreadsBatch: nThreads },
        ...{ typeK: "f16", typeV: "f16", flashAttn: "auto", rope: undefined, lora: [] },
      },
    });
  });

  it("keep what is given", () => {
    const given = { nCtx: 1, nBatch: 2, nUbatch: 3, nSeqMax: 4, nThreads: 5, typeK: "f32", typeV: "q4_0" } as const;
    const ropeScaling = { type: "yarn", factor: 2.5, freqBase: 1e6, originalContext: 2048 } as const;
    const lora = [{ path: "a.gguf" }, { path: "b.gguf", scale: -0.5 }];
    const load = { modelPath, gpuLayers: 0, device: "cpu", allowCpuFallback: true, mmap: false, mlock: true };
    const checked = checkContextOptions({
      ...given,
      ...load,
      flashAttn: true,
      deterministic: false,
      ropeScaling,
      lora,
    });
    expect(checked.load).toMatchObject(load);
    expect(checked.context).toEqual({
      ...{ ...given, nThreadsBatch: 5, flashAttn: "on", rope: ropeScaling, deterministic: false },
      lora: [{ path: "a.gguf", scale: 1 }, lora[1]],
    });
  });

  it.each(Object.entries(bad))("refuse a bad %s, and say what it may be", (name, values) => {
    for (const value of values) {
      const error = refusal({ [name]: value });
      if (!isInferenceError(error)) throw new Error(`accepted ${name}: ${String(value)}`);
      expect(error.code).toBe("INVALID_ARGUMENT");
      expect(error.message).toMatch(messages[name] ?? name);
      expect(Object.keys(error.facts).length).toBeGreaterThan(0);
    }
  });

  it("refuse what would be ignored: an unknown field, embeddings, pooling, quantised values without flash attention", () => {
    expect(refusal({ nctx: 512 })).toMatchObject({ code: "INVALID_ARGUMENT", facts: { name: "nctx" } });
    expect(refusal({ embeddings: true })).toMatchObject({ message: expect.stringContaining("no embeddings") });
    expect(refusal({ poolingType: "mean" })).toMatchObject({ message: expect.stringContaining("no embeddings") });
    expect(refusal({ typeV: "q8_0", flashAttn: false })).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(refusal({ embeddings: false, poolingType: "none", typeK: "q8_0", flashAttn: false })).toBeUndefined();
  });
});
