import { basename } from "node:path";
import { createLanguage, type SessionContext, type Vocabulary } from "@lloyal-labs/sdk";
import { typedAsync } from "./binding/map-error.ts";
import type { NativeContext, NativeContextOptions, NativeLimits } from "./binding/native.ts";
import { checkContextOptions } from "./check-context-options.ts";
import { checkLoadOptions } from "./check-load-options.ts";
import type { ContextOptions } from "./context-options.ts";
import { loadModel } from "./load-model.ts";
import { NativeEngine } from "./native-engine.ts";
import { NativeVocabulary } from "./native-vocabulary.ts";

/** A session on this machine's llama.cpp. */
export interface NativeSession extends SessionContext {
  /** Milliseconds spent in `llama_decode` so far: what else a tick takes is the runtime's. */
  decodeMs(): number;
}

/**
 * Loads a model and opens a KV cache over it: both ports, on this machine. The file is validated first, and mapped
 * then: it must not be changed while the context lives, and one that shrinks ends the process.
 *
 * @throws InvalidArgumentError for an option that is unknown or out of range; InferenceError with MODEL_NOT_FOUND or
 *   MODEL_INVALID (the model or an adapter), CANCELLED, BACKEND_UNAVAILABLE (no addon, no such GPU, no memory to lock). Nothing stays loaded then.
 * @example
 * const ctx = await createContext({ modelPath: "model.gguf", nCtx: 8192 });
 */
export async function createContext(options: ContextOptions): Promise<NativeSession> {
  return (await openContext(options)).session;
}

/** `createContext`, with the addon's own context beside it; for tests. */
export async function openContext(options: ContextOptions): Promise<{ session: NativeSession; native: NativeContext }> {
  const { load, context } = checkContextOptions(options);
  const { model, fingerprint } = await loadModel(load);
  try {
    const vocabulary = new NativeVocabulary(model);
    const language = createLanguage(vocabulary);
    const native = await typedAsync(() => model.createContext(context));
    const engine = new NativeEngine(native, { ...fingerprint, ...cacheFingerprint(context, native.limits()) });
    const dispose = async () => {
      await engine.dispose();
      model.dispose();
    };
    const decodeMs = () => engine.decodeMs();
    const modelName = basename(load.modelPath, ".gguf");
    return { session: { engine, language, modelName, decodeMs, dispose }, native };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Only the vocabulary of a model file: no weights are read or needed. Pairs a real Language with a simulated engine. */
export async function loadVocabulary(modelPath: string): Promise<Vocabulary> {
  const { model } = await loadModel(checkLoadOptions({ modelPath, device: "cpu" }), { vocabOnly: true });
  return new NativeVocabulary(model);
}

/** What of a context its cells depend on. */
function cacheFingerprint({ typeK, typeV, flashAttn, rope }: NativeContextOptions, { nCtx }: NativeLimits) {
  return { nCtx: String(nCtx), typeK, typeV, flashAttn, ropeScaling: rope ? JSON.stringify(rope) : "none" };
}
