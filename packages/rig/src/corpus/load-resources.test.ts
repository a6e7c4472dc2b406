import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isInferenceError } from "@lloyal-labs/sdk";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadResources, type ResourceLimits, readResources } from "./load-resources.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "corpus-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function read(limits?: Partial<ResourceLimits>) {
  return readResources(loadResources(root, limits));
}

function reasonOf(path: string, limits?: Partial<ResourceLimits>): string | undefined {
  return read(limits).skipped.find((skipped) => skipped.path === path)?.reason;
}

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    return isInferenceError(error) ? error.code : String(error);
  }
  return undefined;
}

test("files come back in the order of their paths, with slashes and with their lines", () => {
  write("b.md", "two");
  write("a/z.md", "one\ntwo\n");
  write("B.txt", "three");
  const { files } = read();
  expect(files.map((file) => file.path)).toEqual(["B.txt", "a/z.md", "b.md"]);
  expect(files[1]!.lines).toEqual(["one", "two", ""]);
});

test("a line keeps its number under a byte order mark and Windows line ends", () => {
  write("dos.md", "\ufefffirst\r\nsecond\r\n\r\nfourth");
  const [file] = read().files;
  expect(file!.lines).toEqual(["first", "second", "", "fourth"]);
  expect(file!.text).toBe("first\nsecond\n\nfourth");
});

test("letters are not normalised, so that a quote has the characters of the file", () => {
  write("nfd.md", "Cafe\u0301 Café");
  expect(read().files[0]!.text).toBe("Cafe\u0301 Café");
});

test("what is not text is skipped and listed with a reason", () => {
  write("good.md", "text");
  write("image.jpg", new Uint8Array([0xff, 0xd8, 0x00, 0x01]));
  write("latin1.txt", new Uint8Array([0x63, 0x61, 0x66, 0xe9]));
  write("utf16.txt", Buffer.from("\ufeffhello", "utf16le"));
  write("blank.md", " \n\n");
  const { files, skipped } = read();
  expect(files.map((file) => file.path)).toEqual(["good.md"]);
  expect(skipped).toEqual([
    { path: "blank.md", reason: "empty" },
    { path: "image.jpg", reason: "not text (it holds NUL bytes)" },
    { path: "latin1.txt", reason: "not text in UTF-8" },
    { path: "utf16.txt", reason: "not text (it holds NUL bytes)" },
  ]);
});

test("hidden files and node_modules are not looked at", () => {
  write("good.md", "text");
  write(".git/config", "text");
  write(".env", "SECRET=1");
  write("node_modules/x/readme.md", "text");
  expect(read()).toMatchObject({ files: [{ path: "good.md" }], skipped: [] });
});

test("links are listed and never followed, whether to a file, a folder or in a circle", () => {
  const outside = mkdtempSync(join(tmpdir(), "outside-"));
  writeFileSync(join(outside, "secret.md"), "secret");
  write("good.md", "text");
  symlinkSync(join(outside, "secret.md"), join(root, "file.md"));
  symlinkSync(outside, join(root, "folder"));
  symlinkSync(root, join(root, "circle"));
  const { files, skipped } = read();
  expect(files.map((file) => file.path)).toEqual(["good.md"]);
  expect(skipped.map(({ path }) => path)).toEqual(["circle", "file.md", "folder"]);
  rmSync(outside, { recursive: true });
});

test("a root that is a link itself is read where it leads", () => {
  write("docs/good.md", "text");
  symlinkSync(join(root, "docs"), join(root, "link"));
  expect(readResources(loadResources(join(root, "link"))).files).toHaveLength(1);
});

test.skipIf(process.platform === "win32")("a pipe does not block the reading", () => {
  write("good.md", "text");
  execFileSync("mkfifo", [join(root, "pipe.md")]);
  expect(reasonOf("pipe.md")).toBe("not a regular file");
});

test.skipIf(process.platform === "win32")("a name with control characters never reaches a terminal or a prompt", () => {
  write("good.md", "text");
  write("a\u001b]0;b.md", "text");
  expect(read().skipped).toEqual([{ path: '"a\\u001b]0;b.md"', reason: "control characters in its name" }]);
});

test.skipIf(process.getuid?.() === 0)("a file or folder without permission is skipped and listed", () => {
  write("good.md", "text");
  write("locked.md", "text");
  write("closed/x.md", "text");
  chmodSync(join(root, "locked.md"), 0);
  chmodSync(join(root, "closed"), 0);
  expect(reasonOf("locked.md")).toMatch(/EACCES/);
  expect(reasonOf("closed")).toMatch(/EACCES/);
  chmodSync(join(root, "closed"), 0o755);
});

test("a file of 10 GB costs no memory", () => {
  write("good.md", "text");
  write("sparse.md", "");
  truncateSync(join(root, "sparse.md"), 10 * 1024 ** 3);
  expect(reasonOf("sparse.md")).toMatch(/^10737418240 bytes/);
});

test("all files together stay below the total", () => {
  for (const name of ["a.md", "b.md", "c.md"]) write(name, "x".repeat(100));
  const { files, skipped } = read({ totalBytesMax: 250 });
  expect(files).toHaveLength(2);
  expect(skipped).toMatchObject([{ path: "c.md" }]);
});

test("more files than allowed are one line in the list, not a million", () => {
  for (let index = 0; index < 10; index++) write(`${index}.md`, "text");
  const { files, skipped } = read({ filesMax: 4 });
  expect(files).toHaveLength(4);
  expect(skipped).toEqual([{ path: "4.md", reason: "the corpus has more than 4 files; the rest was not read" }]);
});

test("folders deeper than allowed are listed", () => {
  write("a/b/c/deep.md", "text");
  write("a/b/near.md", "text");
  expect(reasonOf("a/b/c", { depthMax: 2 })).toBe("deeper than 2 folders");
});

test("a corpus that does not exist or is no folder is refused before anything is loaded", () => {
  write("file.md", "text");
  expect(codeOf(() => loadResources(join(root, "missing")))).toBe("INVALID_ARGUMENT");
  expect(codeOf(() => loadResources(join(root, "file.md")))).toBe("INVALID_ARGUMENT");
});

test("a corpus without readable text is refused", () => {
  write("image.jpg", new Uint8Array([0]));
  const resources = loadResources(root);
  expect(codeOf(() => readResources(resources))).toBe("INVALID_ARGUMENT");
});
