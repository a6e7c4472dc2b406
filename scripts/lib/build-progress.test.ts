import { expect, it } from "vitest";
import { parseBuildProgress } from "./build-progress.mjs";

it.each([
  ["[12/245] Building CXX object src/llama.cpp.o", "12/245"],
  ["[ 12%] Building CXX object src/llama.cpp.o", "12%"],
  ["[100%] Built target llama", "100%"],
  ["@lloyal-labs/lloyal.node:native:build: [3/9] Linking", "3/9"],
  ["-- Configuring done", undefined],
  ["warning: a[12] is out of bounds", undefined],
])("%s", (line, progress) => {
  expect(parseBuildProgress(line)).toBe(progress);
});
