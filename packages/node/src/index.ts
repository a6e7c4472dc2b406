export type { CacheType, ContextOptions, LoadOptions } from "./context-options.ts";
export { createContext, loadVocabulary, type NativeSession } from "./create-context.ts";
