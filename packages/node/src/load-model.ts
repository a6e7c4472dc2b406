import { validateAdapter, validateGguf } from "@lloyal-labs/models/gguf";
import { InferenceError } from "@lloyal-labs/sdk";
import { loadAddon } from "./binding/load.ts";
import { typedAsync } from "./binding/map-error.ts";
import type { NativeModel } from "./binding/native.ts";
import { chooseDevices } from "./choose-devices.ts";
import type { LoadOptions } from "./context-options.ts";
import { fingerprintGguf } from "./fingerprint-gguf.ts";

export interface LoadedModel {
  readonly model: NativeModel;
  /** Of the weights and the adapters. */
  readonly fingerprint: Readonly<Record<"model" | "lora", string>>;
}

/**
 * Reads a GGUF file off the event loop, after it was validated, and its adapters with it: llama.cpp aborts the process on
 * some wrong files. MODEL_NOT_FOUND, MODEL_INVALID, CANCELLED or BACKEND_UNAVAILABLE. A file that is changed in between is
 * loaded unchecked.
 */
export function loadModel(options: LoadOptions, { vocabOnly = false } = {}): Promise<LoadedModel> {
  return typedAsync(async () => {
    const { modelPath, mmap = true, mlock = false, lora = [], onProgress, signal } = options;
    const addon = loadAddon();
    const devices = chooseDevices(options, addon.devices());
    const stopIfCancelled = () => {
      if (signal?.aborted) throw new InferenceError("CANCELLED", `loading ${modelPath} was cancelled.`);
    };
    stopIfCancelled();
    const header = await validateGguf(modelPath, { vocabularyOnly: vocabOnly });
    const adapters: string[] = [];
    for (const { path, scale = 1 } of lora)
      adapters.push(`${await fingerprintGguf([await validateAdapter(path, header)])} x ${scale}`);
    const fingerprint = { model: await fingerprintGguf(header.files), lora: adapters.join(", ") || "none" };
    stopIfCancelled();
    const load = addon.loadModel({ path: modelPath, vocabOnly, ...devices, mmap, mlock }, onProgress);
    signal?.addEventListener("abort", load.cancel, { once: true });
    try {
      return { model: await load.promise, fingerprint };
    } finally {
      signal?.removeEventListener("abort", load.cancel);
    }
  });
}
