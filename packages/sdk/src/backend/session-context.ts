import type { Language } from "../chat/language.ts";
import type { Engine } from "./engine.ts";

/** Both ports together: what `createContext` of a backend package gives, and what everything above takes. */
export interface SessionContext {
  readonly engine: Engine;
  readonly language: Language;
  /** What the model is called, for reports. */
  readonly modelName: string;
  /** Waits for the batch in flight, then frees the cache and the model. Idempotent. */
  dispose(): Promise<void>;
}
