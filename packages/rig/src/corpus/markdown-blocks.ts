import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { type Block, type Section, weigh } from "./blocks.ts";
import { clipped } from "./clipped.ts";
import { headingText } from "./heading-text.ts";
import { markdownPieces } from "./markdown-pieces.ts";
import { paragraphs } from "./plain-blocks.ts";

/** As much of a syntax tree as is used here. */
interface Node {
  readonly type: string;
  readonly depth?: number;
  readonly children?: readonly Node[];
  readonly position?: { readonly start: { readonly offset?: number }; readonly end: { readonly offset?: number } };
}

// Only blocks are wanted. Without links and emphasis, text that was written to make the parser slow (nested brackets, runs
// of stars) is ordinary text.
const blocksOnly = {
  disable: {
    null: [
      ...["attention", "autolink", "codeText", "htmlText", "labelStartImage", "labelStartLink", "labelEnd"],
      ...["wwwAutolink", "protocolAutolink", "emailAutolink"],
    ],
  },
};
// The extension with transforms looks for addresses in every text, which nobody reads here.
const treeExtensions = gfmFromMarkdown().filter((extension) => !("transforms" in extension));

/** The sections of a Markdown text. A list item or a quotation heavier than `weightMax` is taken apart. */
export function markdownSections(text: string, weightMax: number): Section[] {
  const sections: { heading: string; blocks: Block[] }[] = [{ heading: "", blocks: [] }];
  const path: { depth: number; title: string }[] = [];
  for (const piece of markdownPieces(text, frontMatterLength(text))) {
    const source = text.slice(piece.start, piece.end);
    if (piece.costly) {
      sections.at(-1)!.blocks.push(...paragraphs(source, "prose", piece.start));
      continue;
    }
    for (const node of parse(source).children ?? []) {
      if (node.type !== "heading") {
        sections.at(-1)!.blocks.push(...blocksOf(node, text, piece.start, weightMax));
        continue;
      }
      const depth = node.depth ?? 1;
      while ((path.at(-1)?.depth ?? 0) >= depth) path.pop();
      const { start, end } = span(node, piece.start);
      path.push({ depth, title: headingText(text.slice(start, end)) });
      sections.push({ heading: path.map((part) => part.title).join(" > "), blocks: [] });
    }
  }
  return sections;
}

function parse(source: string): Node {
  return fromMarkdown(source, { extensions: [gfm(), blocksOnly], mdastExtensions: treeExtensions });
}

function blocksOf(node: Node, text: string, shift: number, weightMax: number): Block[] {
  const { start, end } = span(node, shift);
  const children = () => (node.children ?? []).flatMap((child) => blocksOf(child, text, shift, weightMax));
  switch (node.type) {
    case "code":
      return [{ kind: "code", start, end }];
    case "table":
      return tableBlocks(node, text, shift);
    case "list":
      return children();
    case "listItem":
    case "blockquote":
    case "footnoteDefinition": {
      if (weigh(text.slice(start, end)) <= weightMax) return [{ kind: "prose", start, end }];
      // The first part takes the marker along, so that "2." is not lost.
      return children().map((block, index) => (index === 0 ? { ...block, start } : block));
    }
    case "html":
      return isMarkup(text.slice(start, end)) ? [] : [{ kind: "prose", start, end }];
    case "paragraph":
    case "heading":
      return [{ kind: "prose", start, end }];
    default:
      return [];
  }
}

// A head that is longer says less than the rows below it.
const contextCharsMax = 300;

function tableBlocks(table: Node, text: string, shift: number): Block[] {
  const [head, ...rows] = (table.children ?? []).map((row) => span(row, shift));
  if (!head) return [];
  const cells = text
    .slice(head.start, head.end)
    .split("|")
    .map((cell) => cell.trim())
    .filter(Boolean);
  const context = clipped(cells.join(" | "), contextCharsMax);
  const first = rows[0]?.start ?? span(table, shift).end;
  const headEnd = text.lastIndexOf("\n", first - 1);
  const whole = { start: head.start, end: headEnd > head.start ? headEnd : head.end };
  return [{ kind: "head", ...whole }, ...rows.map((row): Block => ({ kind: "row", ...row, context }))];
}

function span(node: Node, shift: number): { start: number; end: number } {
  return { start: shift + (node.position?.start.offset ?? 0), end: shift + (node.position?.end.offset ?? 0) };
}

// A comment is not for readers; `<details>` and its like hold no words.
function isMarkup(html: string): boolean {
  return html.startsWith("<!--") || weigh(html.replace(/<[^<>]*>/g, "")) === 0;
}

/** How many characters of YAML front matter the text begins with; 0 where a first `---` is only a line. */
function frontMatterLength(text: string): number {
  if (!text.startsWith("---\n")) return 0;
  const end = text.indexOf("\n---\n", 3);
  if (end < 0 || end > 8192) return 0;
  const lines = text.slice(4, end).split("\n");
  return lines.every((line) => /^(?:\s|#|- |[\w-]+:|$)/.test(line)) ? end + 5 : 0;
}
