import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand, withFolder } from "./run-command.ts";

const { LLOYAL_SMOL: smol = "", LLOYAL_QWEN: qwen = "", LLOYAL_DOCS: docs = "" } = process.env;
const query = "Which environment variable enables CUDA unified memory, and what does it cost?";

interface Entry {
  branch: number;
  position: number;
  tokens: number;
}
type TraceLine =
  | { t: "prefill"; entries: Entry[] }
  | { t: "commit"; entries: unknown[] }
  | { t: "event"; event: { type: string } };

/** The last prefill before the first agent is the spine; it names the longest prefix that three agents share. */
function agentPrefills(trace: readonly TraceLine[]): { spineTokens: number; entries: Entry[] } {
  const spawn = trace.findIndex((line) => line.t === "event" && line.event.type === "agent:spawn");
  const prefills = (lines: readonly TraceLine[]) => lines.filter((line) => line.t === "prefill");
  const spine = prefills(trace.slice(0, spawn)).at(-1)?.entries[0] as Entry;
  const rest = prefills(trace.slice(spawn));
  return { spineTokens: spine.tokens, entries: rest.slice(0, 3).flatMap(({ entries }) => entries) };
}

describe.skipIf(!qwen || !docs)("the embedded default over the documentation of llama.cpp", () => {
  it("names the variable, with verified citations, by three agents that share one cache", () =>
    withFolder(async (folder) => {
      const [report, traceFile] = [join(folder, "report.md"), join(folder, "trace.jsonl")];
      const args = [
        "--corpus",
        docs,
        "--query",
        query,
        "--model",
        qwen,
        "--json",
        "--output",
        report,
        "--trace",
        traceFile,
      ];
      const { code, stdout } = await runCommand(args);
      expect(code).toBe(0);
      const document = JSON.parse(stdout);
      expect(document.answer).toContain("GGML_CUDA_ENABLE_UNIFIED_MEMORY");
      expect(document.citations.length).toBeGreaterThan(0);
      expect(document.citations.every(({ verified }: { verified: boolean }) => verified)).toBe(true);
      expect(document.agents).toHaveLength(3);
      expect(document.agents.map(({ outcome }: { outcome: string }) => outcome)).not.toContain("failed");
      expect(readFileSync(report, "utf8")).toContain("GGML_CUDA_ENABLE_UNIFIED_MEMORY");

      const trace: TraceLine[] = readFileSync(traceFile, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(trace.filter(({ t }) => t === "commit")).toHaveLength(document.stats.ticks);
      const { spineTokens, entries } = agentPrefills(trace);
      expect(spineTokens).toBeGreaterThan(100);
      expect(entries.every(({ position }) => position >= spineTokens)).toBe(true);
      expect(document.stats.prefillTokens / document.stats.idealPrefillTokens).toBeLessThanOrEqual(1.05);
    }));
});

describe.skipIf(!smol)("the smallest model, for the plumbing", () => {
  it("runs the whole pipeline over a small folder, two agents at most in a small cache", () =>
    withFolder(async (folder) => {
      const corpus = join(import.meta.dirname, "corpus");
      const args = [
        "--corpus",
        corpus,
        "--query",
        "When is the kiln opened?",
        "--model",
        smol,
        "--n-ctx",
        "2560",
        "--json",
      ];
      const { code, stdout, stderr } = await runCommand([...args, "--output", join(folder, "report.md")]);
      expect(code).toBe(0);
      expect(stderr).toContain("room for 2 of 3 agents");
      const document = JSON.parse(stdout);
      expect(document.v).toBe(1);
      expect(document.agents).toHaveLength(2);
      expect(document.stats.peakCells).toBeLessThanOrEqual(2560);
      for (const citation of document.citations) expect(citation.verified).toBe(true);
    }));
});
