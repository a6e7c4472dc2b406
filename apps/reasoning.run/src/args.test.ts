import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { parseArgs } from "./args.ts";

const needed = ["--corpus", "docs", "--query", "why?"];
let complaints: string;

beforeEach(() => {
  complaints = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    complaints += text;
    return true;
  });
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(() => vi.restoreAllMocks());

it("reads a query and a corpus, with the documented defaults", () => {
  expect(parseArgs(needed)).toEqual({
    args: {
      corpus: "docs",
      query: "why?",
      agents: 3,
      maxTurns: 3,
      nCtx: 4096,
      seed: 0,
      output: "report.md",
      json: false,
      verbose: false,
    },
  });
});

it.each([
  ["an unknown flag", [...needed, "--frobnicate"]],
  ["no corpus", ["--query", "why?"]],
  ["a number that is none", [...needed, "--agents", "three"]],
  ["a number out of range", [...needed, "--n-ctx", "12"]],
  ["a stray word", [...needed, "stray"]],
])("ends with 2 and one line for %s", (_what, argv) => {
  expect(parseArgs(argv)).toEqual({ exitCode: 2 });
  expect(
    complaints
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("(Did you mean")),
  ).toHaveLength(1);
});

it.each(["--help", "--version"])("ends with 0 for %s", (flag) => {
  expect(parseArgs([flag])).toEqual({ exitCode: 0 });
  expect(complaints).toBe("");
});
