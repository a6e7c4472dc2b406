export type { Environment } from "./cache.ts";
export { cachedModelPath, cacheRoot } from "./cache.ts";
export { catalogue, embeddedDefault } from "./catalogue.ts";
export type { ChooseModelOptions } from "./choose-model.ts";
export { chooseModel } from "./choose-model.ts";
export type { Clock } from "./clock.ts";
export type { MirrorFailure } from "./download.ts";
export type { EnsureModelOptions } from "./ensure-model.ts";
export { ensureModel } from "./ensure-model.ts";
export type { ModelErrorCode, ModelErrorOptions } from "./errors.ts";
export { ModelError } from "./errors.ts";
export type {
  FileIdentity,
  FileMirror,
  HfMirror,
  HttpsMirror,
  Mirror,
  ModelEntry,
  NpmMirror,
  PackagePart,
  PypiMirror,
} from "./model-entry.ts";
export type { ModelProgress, OnModelProgress } from "./progress.ts";
