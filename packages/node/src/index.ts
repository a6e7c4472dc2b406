export type { NativeBinary } from "./binding/choose-addon.ts";
export { nativeBinary } from "./binding/load.ts";
export type { NativeDevice } from "./binding/native.ts";
export type {
  CacheType,
  ContextOptions,
  DeviceOptions,
  LoadOptions,
  LoraAdapter,
  RopeScaling,
} from "./context-options.ts";
export { createContext, loadVocabulary, type NativeSession } from "./create-context.ts";
