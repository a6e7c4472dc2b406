import { availableParallelism } from "node:os";
import { InvalidArgumentError } from "@lloyal-labs/sdk";
import type { NativeContextOptions } from "./binding/native.ts";
import { checkChoice, checkFlag, checkNumbers, type NumberField, refuseUnknown } from "./check-fields.ts";
import { checkLoadOptions, loadFields } from "./check-load-options.ts";
import { checkRopeScaling } from "./check-rope-scaling.ts";
import type { CacheType, ContextOptions, LoadOptions } from "./context-options.ts";

const count = (fallback: number, max: number): NumberField => ({ fallback, min: 1, max, integer: true });

const numbers = {
  nCtx: count(4096, 2 ** 22),
  nBatch: count(512, 65536),
  nUbatch: count(512, 65536),
  nSeqMax: count(16, 255),
  nThreads: count(Math.min(availableParallelism(), 512), 512),
};

const cacheTypes: readonly CacheType[] = ["f32", "f16", "q8_0", "q4_0"];
const poolingTypes = ["none", "mean", "cls", "last", "rank"] as const;
const otherFields = [
  "nThreadsBatch",
  "typeK",
  "typeV",
  "flashAttn",
  "deterministic",
  "ropeScaling",
  "embeddings",
  "poolingType",
];

/** The options with their defaults. INVALID_ARGUMENT for one that is unknown, of the wrong type or out of range. */
export function checkContextOptions(options: ContextOptions): { load: LoadOptions; context: NativeContextOptions } {
  const load = checkLoadOptions(options);
  refuseUnknown(options, [...loadFields, ...Object.keys(numbers), ...otherFields], "createContext");
  refuseEmbeddings(options);
  const { nThreads, ...sizes } = checkNumbers(numbers, options);
  const { nThreadsBatch } = checkNumbers({ nThreadsBatch: count(nThreads, 512) }, options);
  const typeV = checkChoice("typeV", options.typeV, cacheTypes, "f16");
  const flashAttn = checkFlag("flashAttn", options.flashAttn);
  if (flashAttn === false && typeV.startsWith("q")) {
    throw new InvalidArgumentError(
      `typeV ${typeV} needs flash attention.`,
      { typeV, flashAttn },
      "Leave flashAttn out.",
    );
  }
  return {
    load,
    context: {
      ...sizes,
      nThreads,
      nThreadsBatch,
      typeK: checkChoice("typeK", options.typeK, cacheTypes, "f16"),
      typeV,
      flashAttn: flashAttn === undefined ? "auto" : flashAttn ? "on" : "off",
      rope: checkRopeScaling(options.ropeScaling),
      deterministic: checkFlag("deterministic", options.deterministic),
      lora: (load.lora ?? []).map(({ path, scale = 1 }) => ({ path, scale })),
    },
  };
}

/** The port draws tokens from logits; nothing in it could give an embedding away. */
function refuseEmbeddings(options: ContextOptions): void {
  const embeddings = checkFlag("embeddings", options.embeddings) ?? false;
  const poolingType = checkChoice("poolingType", options.poolingType, poolingTypes, "none");
  if (!embeddings && poolingType === "none") return;
  throw new InvalidArgumentError("an engine writes text and gives no embeddings.", { embeddings, poolingType });
}
