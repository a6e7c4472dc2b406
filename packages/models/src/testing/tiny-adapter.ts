import { SeededRandom } from "./random.ts";
import type { TinyModel } from "./tiny-model.ts";

const embedding = 64;
const rank = 4;
const float32 = 0;

/** A LoRA adapter of `tinyModel()`, with random weights: it changes the queries of both layers. The same for one seed. */
export function tinyAdapter(seed = 0): TinyModel {
  const random = new SeededRandom(seed);
  const matrix = (name: string, width: number, height: number) => {
    const values = Float32Array.from({ length: width * height }, () => random.fraction() - 0.5);
    return { name, dims: [width, height], typeId: float32, data: new Uint8Array(values.buffer) };
  };
  return {
    metadata: new Map([
      ["general.type", { type: "string", value: "adapter" }],
      ["general.architecture", { type: "string", value: "llama" }],
      ["adapter.type", { type: "string", value: "lora" }],
      ["adapter.lora.alpha", { type: "f32", value: 4 }],
    ]),
    tensors: [0, 1].flatMap((layer) => [
      matrix(`blk.${layer}.attn_q.weight.lora_a`, embedding, rank),
      matrix(`blk.${layer}.attn_q.weight.lora_b`, rank, embedding),
    ]),
  };
}
