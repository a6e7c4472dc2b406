import { homedir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cachedModelPath, cacheRoot } from "./cache.ts";
import { catalogue } from "./catalogue.ts";

it("the cache lies under XDG_CACHE_HOME", () => {
  expect(cacheRoot({ XDG_CACHE_HOME: "/somewhere" })).toBe("/somewhere/lloyal");
});

it.each([undefined, "", "relative/path"])("XDG_CACHE_HOME=%s means ~/.cache", (base) => {
  expect(cacheRoot({ XDG_CACHE_HOME: base })).toBe(join(homedir(), ".cache", "lloyal"));
});

it("a model's file carries its digest and its name", () => {
  const smol = catalogue.find(({ name }) => name === "smollm2-135m")!;
  expect(cachedModelPath(smol, { XDG_CACHE_HOME: "/c" })).toBe("/c/lloyal/models/b179c9523d0e-smollm2-135m.gguf");
});
