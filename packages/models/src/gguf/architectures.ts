/** Causal transformers, under the names that llama.cpp knows them by. */
const decoders = `afmoe apertus arcee arctic baichuan bailingmoe bailingmoe2 bitnet bloom chameleon chatglm codeshell
  cogvlm cohere2 cohere2moe command-r dbrx deci deepseek deepseek2 deepseek2-ocr deepseek32 dots1 dots3note ernie4_5
  ernie4_5-moe exaone exaone-moe exaone4 falcon gemma gemma2 gemma3 gemma3n gemma4 glm-dsa glm4 glm4moe gpt-oss gpt2
  gptj gptneox granite granite_swa granitemoe graniteswitch grok grovemoe hrm_text hunyuan-dense hunyuan-moe hunyuan_vl
  hy_v3 hy_v4 internlm2 jais jais2 laguna llama llama4 maincoder maple mellum mimo2 minicpm minicpm3 minimax-m2
  minimax-m3 mistral3 mistral4 mpt muse-glimmer nanbeige nemotron olmo olmo2 olmoe openelm orion paddleocr
  pangu-embedded phi2 phi3 phimoe plamo plamo3 plm qwen qwen2 qwen2moe qwen2vl qwen3 qwen3moe qwen3vl qwen3vlmoe refact
  seed_oss smallthinker smollm3 spark2_5 stablelm starcoder starcoder2 step35 talkie xverse`;

const recurrent = `arwkv7 bailingmoe3 deepseek4 falcon-h1 granitehybrid jamba kimi-k3 kimi-linear lfm2 lfm2moe mamba mamba2
  minimax-01 nemotron_h nemotron_h_moe plamo2 qwen35 qwen35moe qwen3next qwen4exp rwkv6 rwkv6qwen2 rwkv7`;

const encoders = `bert eurobert gemma-embedding jina-bert-v2 jina-bert-v3 llama-embed modern-bert neo-bert nomic-bert
  nomic-bert-moe t5 t5encoder`;

const diffusion = "dream llada llada-moe rnd1";

const parts = "clip dflash eagle3 gemma4-assistant pockettts qwen3tts wavtokenizer-dec";

/** What a model of each family is, in words for a message. */
const kinds = {
  decoder: { names: decoders, words: "a decoder" },
  recurrent: { names: recurrent, words: "a decoder that keeps a state per sequence" },
  encoder: { names: encoders, words: "an encoder, which makes embeddings and writes no text" },
  diffusion: { names: diffusion, words: "a diffusion model, which does not write token by token" },
  part: { names: parts, words: "a part of a model or of a pipeline, which writes no text by itself" },
};

export interface Architecture {
  kind: keyof typeof kinds;
  words: string;
}

export const architectures: ReadonlyMap<string, Architecture> = new Map(
  (Object.keys(kinds) as Architecture["kind"][]).flatMap((kind) => {
    const { names, words } = kinds[kind];
    return names.split(/\s+/).map((name) => [name, { kind, words }] as const);
  }),
);
