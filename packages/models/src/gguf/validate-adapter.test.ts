import { describe, expect, it } from "vitest";
import { failure } from "../../test/fixture.ts";
import { withGguf } from "../../test/with-gguf.ts";
import { type TinyModel, tinyAdapter, tinyModel } from "../testing/index.ts";
import type { GgufFile } from "./gguf-file.ts";
import { adapterRules } from "./rules/adapter-rules.ts";
import { validateAdapter } from "./validate-adapter.ts";
import { validateGguf } from "./validate-gguf.ts";
import { writeGguf } from "./write-gguf.ts";

function validate(adapter: TinyModel): Promise<GgufFile> {
  return withGguf(writeGguf(tinyModel()), async (modelPath) => {
    const model = await validateGguf(modelPath);
    return await withGguf(writeGguf(adapter), (path) => validateAdapter(path, model));
  });
}

type Change = (adapter: TinyModel) => void;

const key =
  (name: string, value: string): Change =>
  ({ metadata }) =>
    metadata.set(name, { type: "string", value });
const tensor =
  (index: number, change: Partial<TinyModel["tensors"][number]>): Change =>
  ({ tensors }) =>
    Object.assign(tensors[index]!, change);

const bad: readonly [rule: keyof typeof adapterRules, what: string, change: Change][] = [
  ["fileIsAdapter", "it is a model", key("general.type", "model")],
  ["fileIsAdapter", "it does not say what it is", ({ metadata }) => metadata.delete("general.type")],
  ["adapterIsLora", "it is another kind of adapter", key("adapter.type", "control-vector")],
  ["adapterIsOfTheFamily", "it is for another family", key("general.architecture", "qwen2")],
  [
    "adapterAlphaIsNumber",
    "alpha is an integer",
    ({ metadata }) => metadata.set("adapter.lora.alpha", { type: "u32", value: 8 }),
  ],
  [
    "adapterActsEverywhere",
    "it waits for tokens",
    ({ metadata }) =>
      metadata.set("adapter.alora.invocation_tokens", { type: "array", items: "u32", value: Uint32Array.of(1) }),
  ],
  [
    "adapterChangesSomething",
    "it is empty",
    (adapter) => {
      adapter.tensors = [];
    },
  ],
  ["adapterTensorsAreNamed", "a tensor is none of LoRA", tensor(0, { name: "blk.0.attn_norm.weight" })],
  ["adapterTensorsAreOfTheModel", "a tensor is not the model's", tensor(0, { name: "blk.9.attn_q.weight.lora_a" })],
  ["adapterTensorsAreOfTheModel", "a tensor is for a vector", tensor(0, { name: "blk.0.attn_norm.weight.lora_a" })],
  ["adapterTensorsArePairs", "half of a pair is missing", ({ tensors }) => tensors.splice(1, 1)],
  ["adapterTensorsMultiply", "A is of another width", tensor(0, { dims: [32, 8] })],
  ["adapterTensorsMultiply", "B is of another rank", tensor(1, { dims: [8, 32] })],
];

describe("an adapter", () => {
  it("of the model passes", async () => {
    expect((await validate(tinyAdapter())).tensors.length).toBeGreaterThan(0);
  });

  it("of the embedding passes, whose A is looked up", async () => {
    const adapter = tinyAdapter();
    Object.assign(adapter.tensors[0]!, {
      name: "token_embd.weight.lora_a",
      dims: [4, 264],
      data: new Uint8Array(4224),
    });
    Object.assign(adapter.tensors[1]!, { name: "token_embd.weight.lora_b", dims: [4, 64] });
    await validate(adapter);
  });

  it.each(bad)("is refused by %s when %s", async (rule, _, change) => {
    const adapter = tinyAdapter();
    change(adapter);
    const error = await failure(validate(adapter));
    expect(error).toMatchObject({ code: "MODEL_INVALID", facts: { rule } });
  });

  it("is refused by each rule in one of these", () => {
    expect(new Set(bad.map(([rule]) => rule))).toEqual(new Set(Object.keys(adapterRules)));
  });

  it("that is missing is not found", () =>
    withGguf(writeGguf(tinyModel()), async (modelPath) => {
      const model = await validateGguf(modelPath);
      await expect(validateAdapter("/nowhere/adapter.gguf", model)).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    }));
});
