export { type GgufMutant, ggufMutant } from "./mutate-gguf.ts";
export { tinyAdapter } from "./tiny-adapter.ts";
export { type TinyModel, type TinyModelOptions, tinyModel } from "./tiny-model.ts";
