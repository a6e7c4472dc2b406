import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand, withFolder } from "./run-command.ts";

const { LLOYAL_SMOL: smol = "" } = process.env;
const corpus = join(import.meta.dirname, "corpus");
const runs = Number(process.env.LLOYAL_RUNS ?? 3);

/** Hash of the trace of one run, and how many batches it holds. */
function traceOf(seed: number): Promise<{ hash: string; batches: number }> {
  return withFolder(async (folder) => {
    const [trace, output] = [join(folder, "trace.jsonl"), join(folder, "report.md")];
    const question = ["--corpus", corpus, "--query", "When is the kiln opened?", "--model", smol, "--agents", "2"];
    const { code } = await runCommand([
      ...question,
      "--max-turns",
      "2",
      "--seed",
      String(seed),
      "--trace",
      trace,
      "--output",
      output,
    ]);
    expect(code).toBe(0);
    const text = readFileSync(trace, "utf8");
    const batches = text.split("\n").filter((line) => /^\{"t":"(prefill|commit)"/.test(line)).length;
    return { hash: createHash("sha256").update(text).digest("hex"), batches };
  });
}

describe.skipIf(!smol)("a run on real weights", () => {
  it("writes the same transcript each time for one seed, and another for another", async () => {
    const first = await traceOf(7);
    expect(first.batches).toBeGreaterThan(50);
    for (let run = 1; run < runs; run++) expect(await traceOf(7)).toEqual(first);
    expect((await traceOf(8)).hash).not.toBe(first.hash);
  });
});
