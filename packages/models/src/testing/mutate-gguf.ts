import { writeGguf } from "../gguf/write-gguf.ts";
import { byteMutations } from "./mutate-bytes.ts";
import { contentMutations } from "./mutate-content.ts";
import { SeededRandom } from "./random.ts";
import { type TinyModel, type TinyModelOptions, tinyModel } from "./tiny-model.ts";

export interface GgufMutant {
  /** What was done to it. */
  kind: string;
  bytes: Uint8Array;
}

/** A tiny model of a random family with one or two things wrong, or harmlessly other. The same for one seed. */
export function ggufMutant(seed: number): GgufMutant {
  const random = new SeededRandom(seed);
  const family = random.pick<TinyModelOptions>([
    { architecture: "llama" },
    { architecture: "llama", experts: 4 },
    { architecture: "qwen2" },
    { architecture: "qwen3" },
  ]);
  const model = tinyModel({ ...family, tokenizer: random.pick(["gpt2", "llama"]) });
  return random.below(3) === 0 ? damaged(model, random) : rewritten(model, random);
}

function damaged(model: TinyModel, random: SeededRandom): GgufMutant {
  const [kind, mutate] = random.pick(Object.entries(byteMutations));
  const bytes = writeGguf(model);
  const headerBytes = writeGguf({ ...model, tensors: model.tensors.map((tensor) => ({ ...tensor, data: noBytes })) });
  return { kind, bytes: mutate(bytes, headerBytes.length, random) };
}

const noBytes = new Uint8Array();

function rewritten(model: TinyModel, random: SeededRandom): GgufMutant {
  // Two changes can hide each other, as a size does that goes with a wrong shape.
  const kinds = Array.from({ length: random.pick([1, 1, 2]) }, () => random.pick(Object.entries(contentMutations)));
  for (const [, mutate] of kinds) mutate(model, random);
  return { kind: kinds.map(([kind]) => kind).join("+"), bytes: writeGguf(model) };
}
