export { type GgufMutant, ggufMutant } from "./mutate-gguf.ts";
export { tinyAdapter } from "./tiny-adapter.ts";
export {
  type TinyArchitecture,
  type TinyModel,
  type TinyModelOptions,
  tinyArchitectures,
  tinyModel,
} from "./tiny-model.ts";
