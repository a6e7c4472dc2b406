/** One text file of a corpus. `lines[n - 1]` is line n of the file on disk. */
export interface ResourceFile {
  /** Path below the corpus folder, with `/` on every platform: the only name by which tools know the file. */
  readonly path: string;
  /** The decoded text without byte order mark, its line ends as `\n`. Nothing else is normalised. */
  readonly text: string;
  readonly lines: readonly string[];
}

export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/** Everything that was read from a folder. After this no tool touches the file system again. */
export interface Corpus {
  readonly root: string;
  /** In the order of their paths, compared by code unit, so that every machine sees the same order. */
  readonly files: readonly ResourceFile[];
  readonly skipped: readonly SkippedFile[];
}

/** Makes a file of a corpus out of decoded text. */
export function resourceFile(path: string, decoded: string): ResourceFile {
  const text = decoded.includes("\r\n") ? decoded.replaceAll("\r\n", "\n") : decoded;
  return { path, text, lines: text.split("\n") };
}

/** The file with exactly this path; tools never reach a file in any other way. */
export function fileOf(corpus: Corpus, path: string): ResourceFile | undefined {
  return corpus.files.find((file) => file.path === path);
}

/**
 * Tables kept as data. They stay within reach of grep and read_file, but out of the search index: the 13 of llama.cpp's
 * documentation would be 98 % of its windows and cost eight seconds of indexing, and move few questions up or down.
 */
export function isTabular(path: string): boolean {
  return /\.(?:csv|tsv|jsonl|ndjson)$/i.test(path);
}
