import { validateGguf } from "@lloyal-labs/models/gguf";
import { InferenceError } from "@lloyal-labs/sdk";
import { loadAddon } from "./binding/load.ts";
import { typedAsync } from "./binding/map-error.ts";
import type { NativeModel } from "./binding/native.ts";
import type { LoadOptions } from "./context-options.ts";

/**
 * Reads a GGUF file off the event loop, after it was validated: llama.cpp aborts the process on some wrong files.
 * MODEL_NOT_FOUND, MODEL_INVALID or CANCELLED. A file that is changed in between is loaded unchecked.
 */
export function loadModel({ modelPath, onProgress, signal }: LoadOptions, vocabOnly: boolean): Promise<NativeModel> {
  return typedAsync(async () => {
    const addon = loadAddon();
    const stopIfCancelled = () => {
      if (signal?.aborted) throw new InferenceError("CANCELLED", `loading ${modelPath} was cancelled.`);
    };
    stopIfCancelled();
    await validateGguf(modelPath, { vocabularyOnly: vocabOnly });
    stopIfCancelled();
    const load = addon.loadModel(modelPath, vocabOnly, onProgress);
    signal?.addEventListener("abort", load.cancel, { once: true });
    try {
      return await load.promise;
    } finally {
      signal?.removeEventListener("abort", load.cancel);
    }
  });
}
