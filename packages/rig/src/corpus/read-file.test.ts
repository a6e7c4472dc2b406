import { expect, test } from "vitest";
import { type FileLines, readLines } from "./read-file.ts";
import { corpusOf } from "./testing/corpus-of.ts";

const corpus = corpusOf({
  "build.md": Array.from({ length: 500 }, (_, index) => `line ${index + 1}`).join("\n"),
  "backend/SYCL.md": "one\ntwo\nthree",
  "wide.txt": "😀".repeat(10_000),
});

function linesOf(path: string, startLine?: number, endLine?: number): FileLines {
  const result = readLines(corpus, path, startLine, endLine);
  if (!result.ok) throw new Error(result.message);
  return result;
}

test("lines come back verbatim, both ends included", () => {
  expect(linesOf("backend/SYCL.md", 2, 3)).toEqual({
    ok: true,
    file: "backend/SYCL.md",
    startLine: 2,
    endLine: 3,
    lineCount: 3,
    text: "two\nthree",
  });
});

test.each([
  [0, 2],
  [-5, 2],
  [Number.NEGATIVE_INFINITY, 2],
])("a beginning at line %d is moved into the file, and that is said", (start, end) => {
  expect(linesOf("backend/SYCL.md", start, end)).toMatchObject({ text: "one\ntwo", note: /lines 1 to 3/ });
});

test.each([4, 2 ** 53, Number.POSITIVE_INFINITY])(
  "an end at line %d is moved into the file, and that is said",
  (end) => {
    expect(linesOf("backend/SYCL.md", 2, end)).toMatchObject({ text: "two\nthree", note: /lines 1 to 3/ });
  },
);

test("a range beyond the end gives the last line", () => {
  expect(linesOf("backend/SYCL.md", 90, 95)).toMatchObject({ text: "three", startLine: 3, endLine: 3 });
});

test("turned-round ends are put in order", () => {
  expect(linesOf("backend/SYCL.md", 3, 1).text).toBe("one\ntwo\nthree");
});

test("more lines than fit are cut, and the note says where to go on", () => {
  expect(linesOf("build.md", 1, 500)).toMatchObject({ endLine: 200, note: /ask for 201 to 500/ });
});

test("one line that is too long is cut between characters", () => {
  const { text, note } = linesOf("wide.txt");
  expect(text).toBe("😀".repeat(4000));
  expect(note).toMatch(/was cut/);
});

test("line numbers that are none are a fault", () => {
  expect(readLines(corpus, "build.md", Number.NaN)).toMatchObject({ ok: false, code: "LINES_INVALID" });
});

test("an unknown path is a fault that names the nearest ones", () => {
  expect(readLines(corpus, "docs/backend/sycl.md")).toMatchObject({
    ok: false,
    code: "PATH_UNKNOWN",
    remedy: /backend\/SYCL\.md/,
  });
});

test.each([
  "../../etc/passwd",
  "/etc/passwd",
  "..%2f..%2fetc",
  "....//build.md",
  "backend/../build.md",
  "/proc/self/environ",
  "C:\\build.md",
  "build.md:stream",
  "build.md\0",
  "BUILD.MD",
  "build.md ",
  "x".repeat(1_000_000),
])("%# — a path that is not listed is no way out of the corpus", (path) => {
  expect(readLines(corpus, path)).toMatchObject({ ok: false, code: "PATH_UNKNOWN" });
});
