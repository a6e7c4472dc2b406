import { expect, it } from "vitest";
import { withoutSource } from "./leftovers.mjs";

const sources = ["index.ts", "chat", "chat/delta.ts"];

it("what was compiled from a source that is there stays", () => {
  const compiled = [
    "index.js",
    "index.js.map",
    "index.d.ts",
    "index.d.ts.map",
    "chat/delta.js",
    "chat",
    ".tsbuildinfo",
  ];
  expect(withoutSource(compiled, sources)).toEqual([]);
});

it("what was compiled from a source that is gone goes", () => {
  const compiled = ["gone.js", "gone.d.ts.map", "chat/index.d.ts", "delta.js", "index.js"];
  expect(withoutSource(compiled, sources)).toEqual(["gone.js", "gone.d.ts.map", "chat/index.d.ts", "delta.js"]);
});
