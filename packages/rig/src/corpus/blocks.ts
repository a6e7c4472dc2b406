/**
 * A piece of a file that a window keeps whole: character offsets into the text of the file.
 * A `head` is the head of a table: it stays with the row that follows. In `code` every line stands for itself.
 */
export interface Block {
  readonly kind: "prose" | "code" | "head" | "row";
  readonly start: number;
  readonly end: number;
  /** What the block cannot be understood without, and what does not stand in it: the head of its table. */
  readonly context?: string;
}

/** Blocks under one heading, in the order of the file. */
export interface Section {
  /** The headings from the title down, joined by " > ". Empty before the first heading. */
  readonly heading: string;
  readonly blocks: readonly Block[];
}

// The bar for text without spaces, such as Chinese or base64: words of 12 characters.
const charsPerWordMax = 12;

/** How much of a window a text fills, in words; punctuation and the lines of a table are no words. */
export function weigh(text: string): number {
  let count = 0;
  let inWord = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 32) inWord = false;
    else if (!inWord && isWordCode(code)) {
      inWord = true;
      count++;
    }
  }
  return Math.max(count, Math.ceil(text.length / charsPerWordMax));
}

function isWordCode(code: number): boolean {
  return code > 127 || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}
