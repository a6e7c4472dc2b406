/** A stretch of a Markdown text that can be parsed by itself. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  /** Whether the parser would take too long over it, so that it is better read as paragraphs. */
  readonly costly: boolean;
}

// The parser takes time in the square of an unbroken stretch and of the depth of its nesting: 200,000 `>` in one line
// would take four minutes. Documents that people write stay far below these bounds.
const pieceCharsMin = 4096;
const pieceCharsMax = 32 * 1024;
const depthMax = 24;
const indentMax = 160;

/**
 * Cuts a Markdown text, from `from` on, where no block can reach across: before a heading, and after a blank line before
 * a line that is not indented, outside of fences and comments. One pass over the lines.
 */
export function markdownPieces(text: string, from: number): Piece[] {
  const pieces: Piece[] = [];
  let start = from;
  let costly = false;
  let fence = "";
  let inComment = false;
  let afterBlank = true;
  const close = (end: number) => {
    if (end > start) pieces.push({ start, end, costly: costly || end - start > pieceCharsMax });
    start = end;
    costly = false;
  };
  for (let at = from; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const head = text.slice(at, Math.min(end, at + 2 * indentMax));
    const open = fence !== "" || inComment;
    if (!open && at - start >= pieceCharsMin && (/^#{1,6}[ \t]/.test(head) || (afterBlank && /^\S/.test(head))))
      close(at);
    if (!inComment) fence = fenceAfter(fence, head);
    if (fence === "") {
      inComment = commentAfter(inComment, text.slice(at, Math.min(end, at + pieceCharsMax)));
      costly ||= isDeep(head);
    }
    afterBlank = head.trim() === "";
    at = end + 1;
  }
  close(text.length);
  return pieces;
}

/** The fence that is open after this line, or "". */
function fenceAfter(fence: string, line: string): string {
  const mark = /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})(.*)$/.exec(line);
  if (!mark) return fence;
  const [, run, rest] = mark as unknown as [string, string, string];
  if (fence === "") return run[0] === "`" && rest.includes("`") ? "" : run;
  return run[0] === fence[0] && run.length >= fence.length && rest.trim() === "" ? "" : fence;
}

function commentAfter(inComment: boolean, line: string): boolean {
  const opened = line.lastIndexOf("<!--");
  const closed = line.lastIndexOf("-->");
  if (opened < 0 && closed < 0) return inComment;
  return opened > closed;
}

function isDeep(head: string): boolean {
  const lead = /^(?:[\s>]|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))*/.exec(head)?.[0] ?? "";
  return lead.length >= indentMax || (lead.match(/[>+*)-]|\d\./g)?.length ?? 0) > depthMax;
}
