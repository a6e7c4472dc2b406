export type {
  CacheType,
  ContextOptions,
  DeviceOptions,
  LoadOptions,
  LoraAdapter,
  RopeScaling,
} from "./context-options.ts";
export { createContext, loadVocabulary, type NativeSession } from "./create-context.ts";
