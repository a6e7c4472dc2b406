// Wrong model files against the native loader. They are tried in children, because what this looks for ends a process.
import { join } from "node:path";
import { tryMutants } from "./try-mutants.ts";

/** What a child says: of each mutant first its kind, then how each stage ended. */
export interface Line {
  seed: number;
  kind?: string;
  stage?: "vocabulary" | "decode";
  outcome?: "passed" | "validator" | "llama.cpp" | "untyped";
  message?: string;
}

/** What all children said, and how those ended that did not end well. */
export interface Trials {
  lines: Line[];
  deaths: string[];
}

/** Tries the files of `runs` seeds. */
export async function tryFiles(childFile: string, place: string, runs: number): Promise<Trials> {
  return await tryMutants<Line>(join(import.meta.dirname, childFile), runs, [place]);
}

/** What went through `stage` as `outcome`. */
export function endedOf({ lines }: Trials, stage: Line["stage"], outcome: Line["outcome"]): Line[] {
  return lines.filter((line) => line.stage === stage && line.outcome === outcome);
}

/** Failures that are no typed error. */
export function untypedOf(trials: Trials): string[] {
  const untyped = [...endedOf(trials, "vocabulary", "untyped"), ...endedOf(trials, "decode", "untyped")];
  return untyped.map(({ seed, stage, message }) => `seed ${seed}, ${stage}: ${message}`);
}
