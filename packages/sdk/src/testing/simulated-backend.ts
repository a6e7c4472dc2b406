import type { SessionContext } from "../backend/session-context.ts";
import type { Vocabulary } from "../backend/vocabulary.ts";
import { createLanguage } from "../chat/create-language.ts";
import { SimulatedEngine, type SimulatedEngineOptions } from "./simulated-engine.ts";
import { createSimulatedVocabulary } from "./simulated-vocabulary.ts";

/** Both ports without a model: exact cells, hashed logits, a byte vocabulary with ChatML, real grammars. */
export function createSimulatedContext(
  options: SimulatedEngineOptions = {},
  vocabulary: Vocabulary = createSimulatedVocabulary(),
): SessionContext {
  const engine = new SimulatedEngine(vocabulary, options);
  return {
    engine,
    language: createLanguage(vocabulary),
    modelName: "simulated",
    dispose: () => engine.dispose(),
  };
}
