// Every entry of the engine, given what it should not be given, argument by argument: a typed error, and all is as before.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { writeGguf } from "@lloyal-labs/models/gguf";
import { tinyModel } from "@lloyal-labs/models/testing";
import { Branch, BranchStore, type Engine, isInferenceError, type SequenceImage } from "@lloyal-labs/sdk";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createContext, type NativeSession } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "lloyal-bad-arguments-"));
const tokens = [72, 105, 33];
let ctx: NativeSession;
let engine: Engine;

beforeAll(async () => {
  const modelPath = join(folder, "tiny.gguf");
  writeFileSync(modelPath, writeGguf(tinyModel()));
  ctx = await createContext({ modelPath, nCtx: 256, nSeqMax: 4, nThreads: 1 });
  engine = ctx.engine;
});
afterAll(async () => {
  await ctx?.dispose();
  rmSync(folder, { recursive: true });
});

const huge = "x".repeat(1_000_000);
const nested = `root ::= ${"(".repeat(100_000)}"x"${")".repeat(100_000)}`;
const numbers = [Number.NaN, -1, 0.5, 2 ** 31, 2 ** 53, Number.POSITIVE_INFINITY];
const anything = [undefined, null, "", "1", {}, [], true, () => 1, Symbol("s"), 10n];
const strange = [...numbers, ...anything];
/** `strange`, and what is no list at all. */
const noEntries = [...strange.filter((value) => !Array.isArray(value)), [undefined], [null], [7], ["1"], [{}]];
const params = (key: string, values: readonly unknown[]) => values.map((value) => ({ [key]: value }));

const images = [{ position: 1 }, { position: 0, from: 0, cells: new Uint8Array() }];
const lists = strange.filter((value) => !Array.isArray(value));
const bytesLists = [...lists, [256], [-1], [0.5], ["1"], [1, 2, 3, 4]];
const tokenLists = [...lists, [-1], [2 ** 31], [0.5], ["1"], [null], Array(4097).fill(5)];
const grammar = { text: 'root ::= "a"', triggers: [], pendingBytes: [], heard: [] };
const surprisals = { count: 0, model: 0, sampling: 0 };
/** Of an image of three tokens: what each of its fields cannot be. */
const imageFields: [field: string, values: readonly unknown[]][] = [
  ["position", [...strange, 2, 4, 2 ** 30]],
  ["from", [...strange, 1, 4]],
  ["cells", [...strange, new Uint8Array(), new Uint8Array(100), new Uint8Array(1_000_000), new Float32Array(3)]],
  ["row", [...strange, new Float32Array(), new Float32Array(3), new Float64Array(8), huge]],
  ["sampling", [...lists.filter((value) => typeof value !== "object"), null, ...params("temperature", [-1, "1"])]],
  ["logitBias", [...lists, [7], [{}], [{ token: -1, bias: 1 }], [{ token: 7, bias: Number.NaN }]]],
  ["steer", [...lists, [7], [{}], [{ token: 2 ** 31, bias: 1 }], [{ token: 7, bias: Number.POSITIVE_INFINITY }]]],
  ["window", tokenLists],
  ["mu", [Number.NaN, Number.POSITIVE_INFINITY, ...anything]],
  ["commits", strange],
  ["draws", strange],
  ["pendingBytes", bytesLists],
  ["surprisals", [...strange, ...params("count", strange).map((count) => ({ ...surprisals, ...count })), { count: 1 }]],
  [
    "grammar",
    [
      ...strange.filter((value) => value !== undefined),
      { ...grammar, text: "root ::= x" },
      { ...grammar, text: huge },
      ...params("text", [7, null, {}]).map((field) => ({ ...grammar, ...field })),
      ...params("triggers", [...lists, [7], [{ type: "word" }]]).map((field) => ({ ...grammar, ...field })),
      ...params("pendingBytes", bytesLists).map((field) => ({ ...grammar, ...field })),
      ...params("heard", [...lists, [-2], [2 ** 31], [72]]).map((field) => ({ ...grammar, ...field })),
    ],
  ],
];

type Call = (good: number, bad: never) => unknown;

/** Each names the argument, calls with a bad value in its place, and says which values are bad there. */
const calls: [name: string, bad: readonly unknown[], call: Call][] = [
  [
    "open: sampling",
    [7, "1", true, ...params("temperature", [Number.NaN, -1, 101, "1", null])],
    (_, bad) => engine.open(bad),
  ],
  ["open: unknown parameter", params("temprature", [1]), (_, bad) => engine.open(bad)],
  [
    "open: grammar",
    [7, null, {}, "", "root ::= x", huge, nested, nested.slice(0, 50_000)],
    (_, bad) => engine.open({}, bad),
  ],
  ["fork: sequence", [...strange, 99], (_, bad) => engine.fork(bad)],
  ["prefill: entries", noEntries, (_, bad) => engine.prefill(bad)],
  ["prefill: sequence", [...strange, 99], (_, bad) => engine.prefill([{ sequence: bad, tokens }])],
  [
    "prefill: tokens",
    [...strange, [-1], [2 ** 31], ["1"], [null]],
    (sequence, bad) => engine.prefill([{ sequence, tokens: bad }]),
  ],
  [
    "prefill: nBatch",
    [...numbers, 0, null, "1", {}],
    (sequence, bad) => engine.prefill([{ sequence, tokens, nBatch: bad }]),
  ],
  ["commit: entries", noEntries, (_, bad) => engine.commit(bad)],
  ["commit: sequence", [...strange, 99], (_, bad) => engine.commit([{ sequence: bad, token: 72 }])],
  ["commit: token", strange, (sequence, bad) => engine.commit([{ sequence, token: bad }])],
  ["run: entries", noEntries, (_, bad) => engine.run(bad)],
  ["run: token", strange, (sequence, bad) => engine.run([{ sequence, token: bad }])],
  [
    "run: maxTicks",
    [...numbers, 0, null, "1", {}],
    (sequence, bad) => engine.run([{ sequence, token: 72 }], { maxTicks: bad }),
  ],
  [
    "run: maxTokens",
    [...numbers, 0, null, "1", {}],
    (sequence, bad) => engine.run([{ sequence, token: 72 }], { maxTokens: bad }),
  ],
  ["run: draft", [7, null, "1", {}], (sequence, bad) => engine.run([{ sequence, token: 72 }], { draft: bad })],
  [
    "run: draft's answer",
    [...strange.filter((value) => !Array.isArray(value)), [], [[], []], ...strange.map((value) => [value])].filter(
      (value) => inspect(value) !== "[ [] ]",
    ),
    (sequence, bad) => engine.run([{ sequence, token: 72 }], { maxTokens: 9, draft: () => bad }),
  ],
  [
    "run: draft's guess",
    strange,
    (sequence, bad) => engine.run([{ sequence, token: 72 }], { maxTokens: 9, draft: () => [[bad]] }),
  ],
  ["run: until", [7, null, "1", {}], (sequence, bad) => engine.run([{ sequence, token: 72 }], { until: bad })],
  ["produce: sequence", [...strange, 99], (_, bad) => engine.produce(bad)],
  ["sample: sequence", [...strange, 99], (_, bad) => engine.sample(bad)],
  ["row: sequence", [...strange, 99], (_, bad) => engine.row(bad)],
  ["entropy: sequence", [...strange, 99], (_, bad) => engine.entropy(bad)],
  ["metrics: sequence", [...strange, 99], (_, bad) => engine.metrics(bad)],
  ["surprisal: sequence", [...strange, 99], (_, bad) => engine.surprisal(bad, 72)],
  ["surprisal: token", strange, (sequence, bad) => engine.surprisal(sequence, bad)],
  ["setGrammar: sequence", [...strange, 99], (_, bad) => engine.setGrammar(bad, undefined)],
  ["setGrammar: grammar", [7, null, {}, "", huge, nested], (sequence, bad) => engine.setGrammar(sequence, bad)],
  [
    "setLazyGrammar: grammar",
    [7, null, {}, "", huge, nested],
    (sequence, bad) => engine.setLazyGrammar(sequence, bad, [{ type: "word", text: "x" }]),
  ],
  [
    "setLazyGrammar: triggers",
    [...strange, [7], [{}], [{ type: "word" }], [{ type: "token", token: -1 }], [{ type: "pattern", source: "(" }]],
    (sequence, bad) => engine.setLazyGrammar(sequence, 'root ::= "x"', bad),
  ],
  ["setSampling: sequence", [...strange, 99], (_, bad) => engine.setSampling(bad, {})],
  [
    "setSampling: sampling",
    [7, "1", ...params("topK", [...numbers, "1", null])],
    (sequence, bad) => engine.setSampling(sequence, bad),
  ],
  ["setLogitBias: biases", noEntries, (sequence, bad) => engine.setLogitBias(sequence, bad)],
  ["setLogitBias: token", strange, (sequence, bad) => engine.setLogitBias(sequence, [{ token: bad, bias: 1 }])],
  [
    "setLogitBias: bias",
    [Number.NaN, Number.POSITIVE_INFINITY, ...anything],
    (sequence, bad) => engine.setLogitBias(sequence, [{ token: 7, bias: bad }]),
  ],
  ["setSteer: biases", noEntries, (sequence, bad) => engine.setSteer(sequence, bad)],
  [
    "reseed: seed",
    [...numbers.filter((value) => value !== 2 ** 31), "1", null, {}],
    (sequence, bad) => engine.reseed(sequence, bad),
  ],
  ["save: sequence", [...strange, 99], (_, bad) => engine.save(bad, 0)],
  // Within its three tokens a part may begin anywhere.
  ["save: from", strange, (sequence, bad) => engine.save(sequence, bad)],
  ["restore: image", [...strange, ...images], (_, bad) => engine.restore(bad)],
  ["restore: parent", [...strange, 99], async (sequence, bad) => engine.restore(await engine.save(sequence, 2), bad)],
  ...imageFields.map(([field, values]): [string, readonly unknown[], Call] => [
    `restore: ${field}`,
    values,
    async (sequence, bad) => engine.restore({ ...(await engine.save(sequence, 0)), [field]: bad }),
  ]),
  ["accept: sequence", [...strange, 99], (_, bad) => engine.accept(bad, 72)],
  ["accept: token", strange, (sequence, bad) => engine.accept(sequence, bad)],
];

it("an image of another context is refused, as is one on a context that is gone", async () => {
  const modelPath = join(folder, "tiny.gguf");
  const other = await createContext({ modelPath, nCtx: 256, nSeqMax: 4, nThreads: 1, typeK: "f32", typeV: "f32" });
  const sequence = other.engine.open();
  await other.engine.prefill([{ sequence, tokens }]);
  const image = await other.engine.save(sequence, 0);
  await expect(engine.restore(image)).rejects.toMatchObject({ code: "STATE_INVALID" });
  const store = new BranchStore(other);
  const bytes = await store.save(Branch.create(other, 0));
  await expect(new BranchStore(ctx).restore(bytes)).rejects.toMatchObject({
    code: "STATE_MISMATCH",
    facts: { field: "typeK", saved: "f32", here: "f16" },
  });
  await other.dispose();
  for (const gone of [other.engine.save(sequence, 0), other.engine.restore(image), other.engine.compact()])
    await expect(gone).rejects.toMatchObject({ code: "CONTEXT_DISPOSED" });
  expect(await engine.countCells()).toBe(0);
});

it("cells that are overwritten or transferred while they wait are refused, or were read before", async () => {
  const sequence = engine.open();
  await engine.prefill([{ sequence, tokens }]);
  const image = await engine.save(sequence, 0);
  const copy = (): SequenceImage => ({ ...image, cells: image.cells.slice() });
  const [written, waiting, transferred] = [copy(), copy(), copy()];
  const before = engine.produce(sequence);
  const restores = [written, waiting, transferred].map((each) => engine.restore(each));
  written.cells.fill(255);
  waiting.cells.fill(255);
  structuredClone(transferred.cells.buffer, { transfer: [transferred.cells.buffer as ArrayBuffer] });
  const [first, second, third] = await Promise.allSettled(restores);
  if (first?.status === "fulfilled") engine.close(first.value);
  else expect(first?.reason).toMatchObject({ code: "STATE_INVALID" });
  for (const refused of [second, third])
    expect(refused).toMatchObject({ status: "rejected", reason: { code: "STATE_INVALID" } });
  expect(engine.produce(sequence)).toEqual(before);
  engine.close(sequence);
  expect(await engine.countCells()).toBe(0);
});

it("cells that are transferred while they are copied are refused", async () => {
  const large = await createContext({ modelPath: join(folder, "tiny.gguf"), nCtx: 16_384, nThreads: 1 });
  const sequence = large.engine.open();
  await large.engine.prefill([{ sequence, tokens: Array(8000).fill(72) }]);
  const image = await large.engine.save(sequence, 0);
  // More than is copied in one turn of the event loop.
  expect(image.cells.length).toBeGreaterThan(2 ** 21);
  const restored = large.engine.restore(image);
  structuredClone(image.cells.buffer, { transfer: [image.cells.buffer as ArrayBuffer] });
  await expect(restored).rejects.toMatchObject({ code: "STATE_INVALID" });
  expect(await large.engine.countCells()).toBe(8000);
  const again = await large.engine.restore(await large.engine.save(sequence, 0));
  expect(large.engine.produce(again)).toEqual(large.engine.produce(sequence));
  await large.dispose();
});

it.each(calls)("%s", async (_, bad, call) => {
  const sequence = engine.open();
  try {
    await engine.prefill([{ sequence, tokens }]);
    const state = async () => [engine.produce(sequence), engine.metrics(sequence), await engine.countCells()];
    const before = await state();
    const taken: string[] = [];
    for (const value of bad) {
      const outcome = await (async () => call(sequence, value as never))().catch((error: unknown) => error);
      if (!isInferenceError(outcome)) taken.push(`${typeof value} ${inspect(value).slice(0, 40)}: ${outcome}`);
    }
    expect(taken).toEqual([]);
    expect(await state()).toEqual(before);
  } finally {
    engine.close(sequence);
  }
  expect(await engine.countCells()).toBe(0);
});
