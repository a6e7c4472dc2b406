// The engine with real weights: what the contract suite, which runs on every backend, does not ask.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Branch, type Engine, isInferenceError, type Produced, resolveSampling, type Token } from "@lloyal-labs/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkContextOptions } from "../../src/check-context-options.ts";
import { createContext, loadVocabulary, type NativeSession } from "../../src/index.ts";

const modelPath = process.env.LLOYAL_SMOL ?? "";
const code = (value: string) => expect.objectContaining({ code: value });

describe.skipIf(!modelPath)("the native engine", () => {
  let ctx: NativeSession;
  let engine: Engine;
  let prompt: Token[];

  beforeAll(async () => {
    ctx = await createContext({ modelPath, nCtx: 1024, nSeqMax: 8, nThreads: 1 });
    engine = ctx.engine;
    const { language } = ctx;
    prompt = language.tokenize([
      ...language.system("You are a helpful assistant.", []),
      ...language.user("Which planet do we live on?"),
      ...language.generationPrompt,
    ]);
  });
  afterAll(() => ctx?.dispose());

  async function prefilled(tokens = prompt) {
    const sequence = engine.open();
    await engine.prefill([{ sequence, tokens }]);
    return sequence;
  }

  async function write(sequence: number, count: number): Promise<Produced[]> {
    const { token } = engine.produce(sequence);
    const [rest] = await engine.run([{ sequence, token }], { maxTicks: count });
    return rest ?? [];
  }

  it("counts the time in llama_decode, which grows with each decode and with nothing else", async () => {
    const before = ctx.decodeMs();
    const sequence = await prefilled();
    const decoded = ctx.decodeMs();
    expect(decoded).toBeGreaterThan(before);
    engine.produce(sequence);
    engine.close(engine.fork(sequence));
    expect(await engine.countCells()).toBe(prompt.length);
    expect(ctx.decodeMs()).toBe(decoded);
    engine.close(sequence);
  });

  it("answers a question greedily and stops", async () => {
    const sequence = await prefilled();
    const first = engine.produce(sequence);
    const rest = await write(sequence, 60);
    const text = [first, ...rest].map((produced) => produced.text).join("");
    expect(text).toContain("Earth");
    expect(rest.at(-1)).toMatchObject({ isStop: true, text: "" });
    engine.close(sequence);
  });

  it("gives a fork its parent's future bit by bit", async () => {
    const parent = await prefilled();
    const child = engine.fork(parent);
    expect(await write(parent, 8)).toEqual(await write(child, 8));
    expect(engine.row(parent)).toEqual(engine.row(child));
    for (const sequence of [parent, child]) engine.close(sequence);
  });

  it("gives equal rows to a fork and a fresh prefill that decode in the same batch", async () => {
    const parent = await prefilled();
    const [fork, fresh] = [engine.fork(parent), await prefilled()];
    await engine.commit([fork, fresh].map((sequence) => ({ sequence, token: engine.produce(parent).token })));
    expect(engine.row(fork)).toEqual(engine.row(fresh));
    expect(await engine.countCells()).toBe(2 * prompt.length + 2);
    for (const sequence of [parent, fork, fresh]) engine.close(sequence);
    expect(await engine.countCells()).toBe(0);
  });

  it("leaves no cell of a sequence that is closed in flight, and forgets what it produced", async () => {
    const [kept, closed] = [await prefilled(), await prefilled()];
    const entries = [kept, closed].map((sequence) => ({ sequence, token: engine.produce(sequence).token }));
    const flight = engine.run(entries, { maxTicks: 3 });
    engine.close(closed);
    expect(() => engine.produce(kept)).toThrow(code("BRANCH_IN_FLIGHT"));
    const [written, forgotten] = await flight;
    expect(written).toHaveLength(3);
    expect(forgotten).toEqual([]);
    expect(await engine.countCells()).toBe(prompt.length + 3);
    const last = engine.run([{ sequence: kept, token: 1 }], { maxTicks: 400 });
    engine.close(kept);
    expect(await last).toEqual([[]]);
    expect(await engine.countCells()).toBe(0);
  });

  it("stops a run where until holds, and undoes it when until throws", async () => {
    const sequence = await prefilled();
    const before = engine.row(sequence);
    const entries = [{ sequence, token: engine.produce(sequence).token }];
    const broken = engine.run(entries, {
      maxTicks: 5,
      until: () => {
        throw new Error("from the caller");
      },
    });
    await expect(broken).rejects.toThrow("from the caller");
    expect(engine.row(sequence)).toEqual(before);
    expect(await engine.countCells()).toBe(prompt.length);
    const [written] = await engine.run(entries, { maxTicks: 50, until: (_, text) => text.includes("Earth") });
    expect(written?.map((produced) => produced.text).join("")).toMatch(/Earth$/);
    engine.close(sequence);
  });

  it("completes a code point over several tokens", async () => {
    const tokens = ctx.language.tokenize([{ text: "🦙", origin: "user" }]);
    expect(tokens.length).toBeGreaterThan(1);
    const sequence = engine.open({}, `root ::= "🦙"`);
    await engine.prefill([{ sequence, tokens: prompt }]);
    let text = "";
    for (let produced = engine.produce(sequence); !produced.isStop; produced = engine.produce(sequence)) {
      text += produced.text;
      await engine.commit([{ sequence, token: produced.token }]);
    }
    expect(text).toBe("🦙");
    engine.close(sequence);
  });

  it("types every refusal", async () => {
    const sequence = engine.open();
    expect(() => engine.produce(sequence)).toThrow(code("NO_LOGITS"));
    expect(() => engine.open({ topP: 2 })).toThrow(code("INVALID_ARGUMENT"));
    expect(() => engine.open({ top_k: 2 } as never)).toThrow(code("INVALID_ARGUMENT"));
    expect(() => engine.open({}, "root ::= (")).toThrow(code("GRAMMAR_INVALID"));
    await expect(engine.run([], { until: 3 as never })).rejects.toThrow(code("INVALID_ARGUMENT"));
    expect(() => engine.open({}, "((((")).toThrow(code("GRAMMAR_INVALID"));
    await expect(engine.prefill([{ sequence, tokens: [] }])).rejects.toThrow(code("INVALID_ARGUMENT"));
    await expect(engine.prefill([{ sequence, tokens: Array(1025).fill(1) }])).rejects.toThrow(code("KV_EXHAUSTED"));
    await expect(engine.commit([{ sequence: 10 ** 6, token: 1 }])).rejects.toThrow(code("BRANCH_DISPOSED"));
    const opened = Array.from({ length: 7 }, () => engine.open());
    expect(() => engine.open()).toThrow(code("SEQUENCES_EXHAUSTED"));
    for (const handle of [sequence, ...opened]) engine.close(handle);
  });

  it("throws, and never aborts, on arguments of any other type", async () => {
    const junk = [undefined, null, "x", 1.5, -1, Number.NaN, {}, [], () => 0, 2n, Symbol("s")] as never[];
    for (const value of junk) {
      for (const call of [() => engine.produce(value), () => engine.fork(value), () => engine.row(value)]) {
        expect(call).toThrow(value === -1 ? code("BRANCH_DISPOSED") : code("INVALID_ARGUMENT"));
      }
      expect(() => engine.setSampling(value, value)).toThrow();
      await expect(engine.prefill([value])).rejects.toThrow();
      await expect(engine.commit([value])).rejects.toThrow();
      await expect(engine.run([{ sequence: value, token: value }])).rejects.toThrow();
    }
  });

  it("waits for the batch in flight when disposed, and refuses what queues behind it", async () => {
    const other = await createContext({ modelPath, nCtx: 512, nThreads: 1 });
    const sequence = other.engine.open();
    const inFlight = other.engine.prefill([{ sequence, tokens: prompt }]);
    const queued = other.engine.countCells();
    const disposal = other.dispose();
    await expect(queued).rejects.toThrow(code("CONTEXT_DISPOSED"));
    await expect(inFlight).resolves.toBeUndefined();
    await disposal;
    await other.dispose();
    expect(() => other.engine.open()).toThrow(code("CONTEXT_DISPOSED"));
    other.engine.close(sequence);
  });
});

describe.skipIf(!modelPath)("loading", () => {
  it("names a file that is missing or no model, without a stack", async () => {
    const noModel = join(tmpdir(), `lloyal-no-model-${process.pid}.gguf`);
    writeFileSync(noModel, "not a model");
    for (const [path, expected] of [
      ["/nowhere/model.gguf", "MODEL_NOT_FOUND"],
      [noModel, "MODEL_INVALID"],
    ] as const) {
      const error = await createContext({ modelPath: path }).catch((reason: unknown) => reason);
      expect(isInferenceError(error) && error.code).toBe(expected);
      expect((error as Error).stack).not.toMatch(/\n\s+at /);
    }
    writeFileSync(noModel, readFileSync(modelPath).subarray(0, 1 << 20));
    await expect(createContext({ modelPath: noModel })).rejects.toThrow(code("MODEL_INVALID"));
  });

  it("refuses an option that is unknown or out of range", async () => {
    for (const bad of [{ nCtx: 0 }, { nSeqMax: 257 }, { nThreads: 1.5 }, { typeK: "q2" }, { nctx: 512 }]) {
      await expect(createContext({ modelPath, ...bad } as never)).rejects.toThrow(code("INVALID_ARGUMENT"));
    }
  });

  it("reports progress and can be cancelled", async () => {
    const seen: number[] = [];
    const cancel = new AbortController();
    const onProgress = (fraction: number) => {
      seen.push(fraction);
      cancel.abort();
    };
    await expect(createContext({ modelPath, onProgress, signal: AbortSignal.abort() })).rejects.toThrow(
      code("CANCELLED"),
    );
    expect(seen).toEqual([]);
    // The file may be read before the first report is heard; then the context simply comes.
    const outcome = await createContext({ modelPath, onProgress, signal: cancel.signal }).catch((reason) => reason);
    if (isInferenceError(outcome)) expect(outcome.code).toBe("CANCELLED");
    else await outcome.dispose();
    expect(seen.length).toBeGreaterThan(0);
  });

  it("ends the loading where onProgress throws, with what it threw", async () => {
    const onProgress = () => {
      throw new Error("nobody wants to hear it");
    };
    await expect(createContext({ modelPath, onProgress })).rejects.toThrow("nobody wants to hear it");
  });

  it("computes alike with threads of their own for batches of one row", async () => {
    const written: number[][] = [];
    for (const nThreadsBatch of [1, 2]) {
      const ctx = await createContext({ modelPath, nCtx: 512, nThreads: 1, nThreadsBatch });
      const branch = Branch.create(ctx, 0);
      await branch.prefill(ctx.language.tokenize([{ origin: "user", text: "The tide comes in, and then" }]));
      const tokens: number[] = [];
      for (let i = 0; i < 8; i++) {
        tokens.push(branch.produceSync().token);
        await branch.commit(tokens.at(-1) as number);
      }
      written.push(tokens);
      await ctx.dispose();
    }
    expect(written[1]).toEqual(written[0]);
  });

  it("reads a vocabulary without weights", async () => {
    const vocabulary = await loadVocabulary(modelPath);
    const end = vocabulary.structural.find(({ text }) => text === "<|im_end|>");
    expect(end && vocabulary.isStop(end.token)).toBe(true);
    expect(vocabulary.tokenize("<|im_end|>", true)).toEqual([end?.token]);
    expect(vocabulary.tokenize("<|im_end|>", false)).not.toContain(end?.token);
    expect(vocabulary.bytes(end?.token ?? 0, true)).toEqual(new TextEncoder().encode("<|im_end|>"));
    expect(vocabulary.bytes(end?.token ?? 0, false)).toHaveLength(0);
    expect(vocabulary.chatTemplate).toContain("im_start");
  });
});

describe.skipIf(!modelPath)("the end of the process", () => {
  const nativeOptions = checkContextOptions({ modelPath: "any", nThreads: 2 }).context;
  const index = fileURLToPath(new URL("../../src/index.ts", import.meta.url));
  const decode = `
    const { createContext } = await import(${JSON.stringify(index)});
    const { engine } = await createContext({ modelPath: process.env.LLOYAL_SMOL, nThreads: 2 });
    const sequence = engine.open();
    void engine.prefill([{ sequence, tokens: Array(3000).fill(7) }]);
    await new Promise((resolve) => setTimeout(resolve, 200));
  `;
  const run = (program: string) => {
    const flags = ["--conditions=source", "--import", "tsx", "--input-type=module", "--eval", program];
    return spawnSync(process.execPath, flags, {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      encoding: "utf8",
    });
  };

  it("may come during a decode", () => {
    expect(run(`${decode} process.exit(7);`)).toMatchObject({ status: 7, signal: null, stderr: "" });
    expect(run(`${decode} throw new Error("unhandled");`)).toMatchObject({ status: 1, signal: null });
  });

  it("may come to a worker during a decode", () => {
    // The addon itself, because tsx does not reach into workers.
    const addon = fileURLToPath(new URL("../../build/lloyal.node", import.meta.url));
    const inWorker = `(async () => {
      const model = await require(${JSON.stringify(addon)}).loadModel({
        ...{ path: process.env.LLOYAL_SMOL, vocabOnly: false, gpus: [], gpuLayers: 0, mmap: true, mlock: false },
      }).promise;
      const context = await model.createContext(${JSON.stringify(nativeOptions)});
      const sequence = context.open(${JSON.stringify(resolveSampling())}, undefined);
      void context.prefill([sequence], [new Int32Array(3000).fill(7)], [0]);
      setTimeout(() => process.exit(7), 200);
    })()`;
    const program = `
      import { Worker } from "node:worker_threads";
      const worker = new Worker(${JSON.stringify(inWorker)}, { eval: true, execArgv: [] });
      worker.on("exit", (status) => console.log("worker", status));
    `;
    expect(run(program)).toMatchObject({ status: 0, signal: null, stdout: "worker 7\n" });
  });

  it("is not held up by an idle context", () => {
    const program = `
      const { createContext } = await import(${JSON.stringify(index)});
      await createContext({ modelPath: process.env.LLOYAL_SMOL });
    `;
    expect(run(program)).toMatchObject({ status: 0, signal: null, stderr: "" });
  });
});
