export type { GgufFile, GgufTensor, GgufValue } from "./gguf-file.ts";
export type { GgufModel } from "./gguf-model.ts";
export { readGguf } from "./read-gguf.ts";
export { type TensorType, tensorTypes } from "./tensor-types.ts";
export { validateAdapter } from "./validate-adapter.ts";
export { type ValidateGgufOptions, validateGguf } from "./validate-gguf.ts";
export { type GgufContent, type TensorContent, writeGguf } from "./write-gguf.ts";
