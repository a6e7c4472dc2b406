import type { Block, Section } from "./blocks.ts";

const proseName = /(?:^|\/)[^./]+$|\.(?:txt|text|rst|adoc|org|tex|log|md|markdown|mdx)$/i;

/** The sections of a text without markup: one. What is no prose by its name (JSON, scripts) is quoted by the line. */
export function plainSections(path: string, text: string): Section[] {
  return [{ heading: "", blocks: paragraphs(text, proseName.test(path) ? "prose" : "code") }];
}

/** Runs of lines that are not blank. `shift` is where `text` begins in its file. */
export function paragraphs(text: string, kind: "prose" | "code", shift = 0): Block[] {
  const blocks: Block[] = [];
  let start = -1;
  let end = -1;
  const close = () => {
    if (start >= 0) blocks.push({ kind, start: shift + start, end: shift + end });
    start = -1;
  };
  let offset = 0;
  for (const line of text.split("\n")) {
    if (line.trim() === "") close();
    else {
      if (start < 0) start = offset;
      end = offset + line.length;
    }
    offset += line.length + 1;
  }
  close();
  return blocks;
}
