import { type Corpus, resourceFile } from "../corpus.ts";

/** A corpus that was never on a disk: its texts by path. */
export function corpusOf(texts: Readonly<Record<string, string>>): Corpus {
  const paths = Object.keys(texts).sort();
  return { root: "/corpus", files: paths.map((path) => resourceFile(path, texts[path]!)), skipped: [] };
}
