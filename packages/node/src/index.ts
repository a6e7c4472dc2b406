export type { CacheType, ContextOptions, LoadOptions } from "./context-options.ts";
export { createContext, loadVocabulary } from "./create-context.ts";
