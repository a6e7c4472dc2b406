import { InferenceError } from "@lloyal-labs/sdk";
import { loadAddon } from "./binding/load.ts";
import { typedAsync } from "./binding/map-error.ts";
import type { NativeModel } from "./binding/native.ts";
import type { LoadOptions } from "./context-options.ts";

/** Reads a GGUF file off the event loop. MODEL_NOT_FOUND, MODEL_INVALID or CANCELLED. */
export function loadModel({ modelPath, onProgress, signal }: LoadOptions, vocabOnly: boolean): Promise<NativeModel> {
  return typedAsync(async () => {
    if (signal?.aborted) throw new InferenceError("CANCELLED", `loading ${modelPath} was cancelled.`);
    const load = loadAddon().loadModel(modelPath, vocabOnly, onProgress);
    signal?.addEventListener("abort", load.cancel, { once: true });
    try {
      return await load.promise;
    } finally {
      signal?.removeEventListener("abort", load.cancel);
    }
  });
}
