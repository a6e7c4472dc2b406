import fc from "fast-check";
import { expect, test } from "vitest";
import { markdownPieces } from "./markdown-pieces.ts";
import { arbitraryMarkdown } from "./testing/arbitrary-markdown.ts";

const filler = "A paragraph that fills some room.\n\n".repeat(200);

function piecesOf(text: string) {
  return markdownPieces(text, 0).map(({ start, end, costly }) => ({ text: text.slice(start, end), costly }));
}

test("a short text is one piece", () => {
  expect(piecesOf("# A\n\ntext\n\n# B\n")).toHaveLength(1);
});

test("a long text is cut before headings and paragraphs", () => {
  const pieces = piecesOf(`${filler}# B\n${filler}`);
  expect(pieces.length).toBeGreaterThan(2);
  for (const piece of pieces) expect(piece.text).toMatch(/^(?:# B|A paragraph)/);
});

test("no cut falls into a fence, a comment or a nested paragraph", () => {
  expect(piecesOf(`\`\`\`sh\n${filler}# comment\n\`\`\`\n`)).toHaveLength(1);
  expect(piecesOf(`<!--\n${filler}-->\n`)).toHaveLength(1);
  expect(piecesOf(`- item\n\n${filler.replaceAll("A par", "  A par")}`)).toHaveLength(1);
});

test("what the parser would take minutes for is marked", () => {
  expect(piecesOf(`${"> ".repeat(100)}deep`)[0]!.costly).toBe(true);
  expect(piecesOf(`${" ".repeat(200)}- far`)[0]!.costly).toBe(true);
  expect(piecesOf("a: b\n".repeat(10_000))[0]!.costly).toBe(true);
  expect(piecesOf(`${"- ".repeat(3)}usual`)[0]!.costly).toBe(false);
});

test("the pieces joined are the text", () => {
  fc.assert(
    fc.property(fc.array(arbitraryMarkdown, { maxLength: 6 }), (texts) => {
      const text = texts.join("\n");
      expect(
        piecesOf(text)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(text);
    }),
  );
});
