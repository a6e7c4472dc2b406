import { expect, it } from "vitest";
import { withDefaults } from "./start-arguments.mjs";

it("no arguments mean the documentation of llama.cpp and a question about it", () => {
  expect(withDefaults([], "/docs")).toEqual(["--corpus", "/docs", "--query", expect.stringContaining("CUDA")]);
});

it("a question of one's own goes to the same documents", () => {
  expect(withDefaults(["--query", "why?", "--json"], "/docs")).toEqual([
    "--query",
    "why?",
    "--json",
    "--corpus",
    "/docs",
  ]);
});

it("a corpus of one's own gets no question of ours", () => {
  expect(withDefaults(["--corpus=here"], "/docs")).toEqual(["--corpus=here"]);
});
