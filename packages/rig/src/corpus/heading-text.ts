import { fromMarkdown } from "mdast-util-from-markdown";
import { clipped } from "./clipped.ts";

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly children?: readonly object[];
}

const headingCharsMax = 200;

/** The words of a heading without its markup: "## [Build](build.md) `llama.cpp`" is "Build llama.cpp". */
export function headingText(source: string): string {
  const plain = /^#{1,6}[ \t]+([^`*_[\]<>&\\#~\n]*)$/.exec(source);
  if (plain) return clipped(plain[1]!.trim(), headingCharsMax);
  const found: string[] = [];
  // Long enough for any title, too short to make the parser slow.
  collect(fromMarkdown(clipped(source, 2 * headingCharsMax)), found);
  return clipped(found.join("").replace(/\s+/g, " ").trim(), headingCharsMax);
}

function collect(node: Node, found: string[]): void {
  if (node.type === "text" || node.type === "inlineCode") found.push(node.value ?? "");
  for (const child of node.children ?? []) collect(child as Node, found);
}
