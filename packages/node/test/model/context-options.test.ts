// What each option of a context does to a real model: none may be without effect.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { type TinyModel, tinyAdapter, tinyModel } from "@lloyal-labs/models/testing";
import { isInferenceError, type SessionContext } from "@lloyal-labs/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ContextOptions, createContext } from "../../src/index.ts";

const real = process.env.LLOYAL_SMOL ?? "";
const isLinux = process.platform === "linux";
let folder: string;
let tiny: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lloyal-options-"));
  tiny = write("tiny.gguf", tinyModel());
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, model: TinyModel): string {
  const path = join(folder, name);
  writeFileSync(path, writeGguf(model));
  return path;
}

async function withContext<T>(options: ContextOptions, body: (ctx: SessionContext) => T | Promise<T>): Promise<T> {
  const ctx = await createContext({ nCtx: 256, nSeqMax: 2, nThreads: 1, device: "cpu", ...options });
  try {
    return await body(ctx);
  } finally {
    await ctx.dispose();
  }
}

/** The logits after a text. */
function rowOf(options: ContextOptions): Promise<Float32Array> {
  return withContext(options, async ({ engine, language }) => {
    const text = "A kiln is fired twice: once for the clay, and once for the glaze. The second firing";
    const sequence = engine.open();
    await engine.prefill([{ sequence, tokens: language.tokenize([{ text, origin: "user" }]) }]);
    return engine.row(sequence);
  });
}

function distance(one: Float32Array, other: Float32Array): number {
  return Math.max(...one.map((logit, token) => Math.abs(logit - other[token]!)));
}

async function refusal(options: ContextOptions): Promise<unknown> {
  const outcome = await withContext(options, () => "accepted").catch((error: unknown) => error);
  return isInferenceError(outcome) ? { code: outcome.code, facts: outcome.facts } : outcome;
}

describe.skipIf(!real)("an option that acts on the logits", () => {
  let plain: Float32Array;
  beforeAll(async () => {
    plain = await rowOf({ modelPath: real });
  });

  it("leaves them as they are where it repeats the default", async () => {
    const defaults = { typeK: "f16", typeV: "f16", lora: [], embeddings: false, poolingType: "none" } as const;
    expect(await rowOf({ modelPath: real, ...defaults })).toEqual(plain);
    expect(await rowOf({ modelPath: real, mmap: false })).toEqual(plain);
  });

  it("typeK and typeV change them the more, the fewer bits they keep", async () => {
    for (const name of ["typeK", "typeV"] as const) {
      const [fine, coarse] = [
        distance(plain, await rowOf({ modelPath: real, [name]: "q8_0" })),
        distance(plain, await rowOf({ modelPath: real, [name]: "q4_0" })),
      ];
      expect(fine).toBeGreaterThan(0);
      expect(coarse).toBeGreaterThan(fine);
      expect(distance(plain, await rowOf({ modelPath: real, [name]: "f32" }))).toBeLessThan(fine);
    }
  });

  it("flashAttn changes their rounding, and is the default", async () => {
    const [on, off] = [
      await rowOf({ modelPath: real, flashAttn: true }),
      await rowOf({ modelPath: real, flashAttn: false }),
    ];
    expect(on).toEqual(plain);
    expect(distance(on, off)).toBeGreaterThan(0);
    expect(distance(on, off)).toBeLessThan(1);
  });

  it("ropeScaling changes them, in each of its fields", async () => {
    const rows = [plain];
    for (const ropeScaling of [
      { type: "linear", factor: 2 },
      { type: "linear", factor: 4 },
      { type: "linear", freqBase: 2e5 },
      { type: "yarn", factor: 4 },
      { type: "yarn", factor: 4, originalContext: 512 },
    ] as const) {
      const row = await rowOf({ modelPath: real, ropeScaling });
      for (const other of rows) expect(distance(other, row)).toBeGreaterThan(0.01);
      rows.push(row);
    }
    expect(await rowOf({ modelPath: real, ropeScaling: { type: "none" } })).toEqual(plain); // it has none
  });
});

describe("lora", () => {
  it("changes the logits by its scale, and adapters add up", async () => {
    const path = write("adapter.gguf", tinyAdapter());
    const plain = await rowOf({ modelPath: tiny });
    const changed = await rowOf({ modelPath: tiny, lora: [{ path }] });
    expect(distance(plain, changed)).toBeGreaterThan(0.1);
    expect(distance(changed, await rowOf({ modelPath: tiny, lora: [{ path, scale: 0.5 }] }))).toBeGreaterThan(0.01);
    expect(distance(plain, await rowOf({ modelPath: tiny, lora: [{ path, scale: 0 }] }))).toBeLessThan(1e-4);
    const other = write("other.gguf", tinyAdapter(1));
    const both = await rowOf({ modelPath: tiny, lora: [{ path }, { path: other }] });
    expect(distance(changed, both)).toBeGreaterThan(0.01);
  });

  it("that is missing, no adapter, or another model's is refused before any weights are read", async () => {
    const foreign = tinyAdapter();
    foreign.metadata.set("general.architecture", { type: "string", value: "qwen2" });
    const onProgress = () => expect.unreachable();
    for (const [path, code] of [
      [join(folder, "none.gguf"), "MODEL_NOT_FOUND"],
      [tiny, "MODEL_INVALID"],
      [write("foreign.gguf", foreign), "MODEL_INVALID"],
    ] as const) {
      expect(await refusal({ modelPath: tiny, lora: [{ path }], onProgress })).toMatchObject({ code });
    }
  });
});

describe("sizes and threads", () => {
  it("are reported as they were allocated", async () => {
    const sizes = { nCtx: 300, nBatch: 48, nUbatch: 24, nSeqMax: 5, nThreads: 1, nThreadsBatch: 2 };
    await withContext({ modelPath: tiny, ...sizes }, ({ engine }) => {
      expect(engine.capabilities).toMatchObject({ ...sizes, nCtx: 512, backend: "cpu", devices: ["CPU"] });
    });
    await withContext({ modelPath: tiny, nCtx: 256, nBatch: 1000, nUbatch: 500 }, ({ engine }) => {
      expect(engine.capabilities).toMatchObject({ nCtx: 256, nBatch: 256, nUbatch: 256 });
    });
  });

  it("prefills are cut for determinism on a CPU unless that is declined", async () => {
    for (const [deterministic, expected] of [
      [undefined, true],
      [true, true],
      [false, false],
    ] as const) {
      await withContext({ modelPath: tiny, ...(deterministic !== undefined && { deterministic }) }, ({ engine }) => {
        expect(engine.capabilities.deterministic).toBe(expected);
      });
    }
  });

  it.runIf(isLinux)("threads are started as many as are asked for", async () => {
    const threads = () => Number(/^Threads:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
    const started = (options: Partial<ContextOptions>) => withContext({ modelPath: tiny, ...options }, threads);
    await started({});
    const one = await started({});
    expect((await started({ nThreads: 4 })) - one).toBe(3);
    // A second pool, of which one is the caller.
    expect((await started({ nThreads: 4, nThreadsBatch: 3 })) - one).toBe(3 + 2);
  });
});

describe("devices", () => {
  it("that are not there are refused, unless the CPU may take their place", async () => {
    const options = { modelPath: tiny, device: "Abacus7" };
    expect(await refusal(options)).toMatchObject({ code: "BACKEND_UNAVAILABLE", facts: { device: "Abacus7" } });
    await withContext({ ...options, allowCpuFallback: true }, ({ engine }) => {
      expect(engine.capabilities).toMatchObject({ backend: "cpu", devices: ["CPU"] });
    });
  });
});

describe.runIf(isLinux)("the memory of the weights", () => {
  const isMapped = (path: string) => readFileSync("/proc/self/maps", "utf8").includes(path);
  const lockedKb = () => Number(/^VmLck:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);

  it("is a map of the file, unless mmap is false", async () => {
    expect(await withContext({ modelPath: tiny }, () => isMapped(tiny))).toBe(true);
    expect(await withContext({ modelPath: tiny, mmap: false }, () => isMapped(tiny))).toBe(false);
  });

  it("is pinned by mlock, mapped or not, and let go with the context", async () => {
    expect(await withContext({ modelPath: tiny, mlock: true }, lockedKb)).toBeGreaterThan(100);
    expect(lockedKb()).toBe(0);
    expect(await withContext({ modelPath: tiny, mlock: true, mmap: false }, lockedKb)).toBeGreaterThan(100);
  });

  it.skipIf(!real)(
    "is pinned whole, or the option is refused: how much the system pins is its own affair",
    async () => {
      const outcome = await withContext({ modelPath: real, mlock: true }, lockedKb).catch((error: unknown) => error);
      if (typeof outcome === "number") expect(outcome).toBeGreaterThan(90_000);
      else expect(outcome).toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    },
  );
});
