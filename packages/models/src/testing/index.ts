export { type GgufMutant, ggufMutant } from "./mutate-gguf.ts";
export { type TinyModel, type TinyModelOptions, tinyModel } from "./tiny-model.ts";
