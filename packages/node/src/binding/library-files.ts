import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Machine } from "./choose-binary.ts";
import { elfComplaint, libcOf } from "./elf.ts";

const firstBytes = 4096;

/**
 * Why an addon, or a library that it will bring in from its folder, must not be loaded; undefined for no reason. Only
 * Linux needs the look into them: other systems look themselves.
 */
export function unfitFile(path: string, { os, cpu }: Machine): string | undefined {
  if (!existsSync(path)) return `is not there: no file at ${path}`;
  if (os !== "linux") return undefined;
  const folder = dirname(path);
  const libraries = readdirSync(folder).filter((file) => /^lib(?:ggml|llama).*\.so$/.test(file));
  for (const file of [basename(path), ...libraries]) {
    const { start, sizeBytes } = readStart(join(folder, file));
    const complaint = elfComplaint(start, sizeBytes, cpu);
    if (complaint) return `cannot be used: ${file} ${complaint}`;
  }
  return undefined;
}

/** The machine that this Node runs on. Its libc is the one that this Node was linked against. */
export function thisMachine(): Machine {
  const { platform: os, arch: cpu, execPath } = process;
  return { os, cpu, libc: os === "linux" ? libcOf(readStart(execPath).start) : undefined };
}

function readStart(path: string): { start: Uint8Array; sizeBytes: number } {
  const file = openSync(path, "r");
  try {
    const buffer = new Uint8Array(firstBytes);
    const start = buffer.subarray(0, readSync(file, buffer, 0, firstBytes, 0));
    return { start, sizeBytes: fstatSync(file).size };
  } finally {
    closeSync(file);
  }
}
