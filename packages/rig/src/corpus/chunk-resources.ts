import { type Block, type Section, weigh } from "./blocks.ts";
import { type Corpus, isTabular, type ResourceFile } from "./corpus.ts";
import { cutBlock } from "./cut-block.ts";
import type { Resources } from "./load-resources.ts";
import { markdownSections } from "./markdown-blocks.ts";
import { lineAt, lineStarts } from "./offsets.ts";
import { plainSections } from "./plain-blocks.ts";

/** How a block lies in the text of its window: offsets into that text. */
export interface ChunkPart {
  readonly kind: Block["kind"];
  readonly start: number;
  readonly end: number;
}

/** A window of a file: what is indexed, shown to a model and cited. */
export interface Chunk {
  /** `path:startLine-endLine`, with `.2`, `.3` … where several windows lie in the same lines. */
  readonly id: string;
  readonly file: string;
  /** The headings above the window, from the title down, joined by " > ". */
  readonly heading: string;
  /** 1-based, both inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  /** A verbatim part of these lines joined by `\n`; whole lines except where one line holds several windows. */
  readonly text: string;
  /** The head of the table that the rows belong to, where it does not stand in `text`. Helps to find and read the rows. */
  readonly context?: string;
  readonly parts: readonly ChunkPart[];
}

/** Weights in words, see `weigh`. */
export interface ChunkOptions {
  /** Blocks are joined up to this weight. */
  readonly target: number;
  /** A block up to this weight stays whole: a fence with its command, a list item, a long row. */
  readonly wholeMax: number;
}

export const defaultChunkOptions: ChunkOptions = { target: 60, wholeMax: 90 };

/** Windows that have not been cut yet. Plain data, like {@link Resources}. */
export interface Chunks {
  readonly resources: Resources;
  readonly options: ChunkOptions;
}

/** Says how a corpus is to be cut into windows; {@link chunkCorpus} cuts it. */
export function chunkResources(resources: Resources, options: Partial<ChunkOptions> = {}): Chunks {
  return { resources, options: { ...defaultChunkOptions, ...options } };
}

/** No window is longer, whatever stands in the files: the size of a prompt rests on this. */
export const chunkCharsMax = 2000;

/** The windows of a corpus, in the order of its files and lines. Tabular files have none. */
export function chunkCorpus(corpus: Corpus, options: ChunkOptions = defaultChunkOptions): Chunk[] {
  return corpus.files.filter((file) => !isTabular(file.path)).flatMap((file) => chunkFile(file, options));
}

/** The windows of one file. */
export function chunkFile(file: ResourceFile, options: ChunkOptions = defaultChunkOptions): Chunk[] {
  const starts = lineStarts(file.lines);
  const seen = new Map<string, number>();
  const chunks: Chunk[] = [];
  for (const section of sectionsOf(file, options.wholeMax)) {
    const blocks = section.blocks.flatMap((block) => cutBlock(file.text, block, options.wholeMax));
    for (const window of pack(file.text, blocks, options.target)) {
      const { start } = window[0]!;
      const { end } = window.at(-1)!;
      const startLine = lineAt(starts, start);
      const endLine = lineAt(starts, Math.max(start, end - 1));
      const lines = `${file.path}:${startLine}-${endLine}`;
      const count = (seen.get(lines) ?? 0) + 1;
      seen.set(lines, count);
      chunks.push({
        id: count === 1 ? lines : `${lines}.${count}`,
        file: file.path,
        heading: section.heading,
        startLine,
        endLine,
        text: file.text.slice(start, end),
        ...contextOf(window),
        parts: window.map((block) => ({ kind: block.kind, start: block.start - start, end: block.end - start })),
      });
    }
  }
  return chunks;
}

function sectionsOf(file: ResourceFile, wholeMax: number): Section[] {
  const markdown = /\.(?:md|markdown|mdx)$/i.test(file.path);
  return markdown ? markdownSections(file.text, wholeMax) : plainSections(file.path, file.text);
}

/** Joins neighbours up to the target. What was left out between two blocks, such as a comment, ends a window. */
function pack(text: string, blocks: readonly Block[], target: number): Block[][] {
  const windows: Block[][] = [];
  let weight = 0;
  for (const block of blocks) {
    const current = windows.at(-1);
    const last = current?.at(-1);
    const own = weigh(text.slice(block.start, block.end));
    const adjacent = last !== undefined && text.slice(last.end, block.start).trim() === "";
    // The head of a table belongs to its first row, whatever that row weighs.
    const fits = weight + own <= target || last?.kind === "head";
    const short = current !== undefined && block.end - current[0]!.start <= chunkCharsMax;
    if (current && adjacent && fits && short) {
      current.push(block);
      weight += own;
    } else {
      windows.push([block]);
      weight = own;
    }
  }
  return windows;
}

function contextOf(window: readonly Block[]): { context?: string } {
  const context = window[0]!.context;
  return context === undefined ? {} : { context };
}
