// One file before the native loader, as a child of a test tries it and says how that went.
import { writeSync } from "node:fs";
import { isInferenceError } from "@lloyal-labs/sdk";
import { createContext, loadVocabulary } from "../../src/index.ts";

const text = "A page, 3 words:\n\t🦙";

/** Says which file it is before it is tried: one that ends this process is the last that was named. */
export async function tryFile(seed: number, kind: string, path: string): Promise<void> {
  report({ seed, kind });
  const stages = { vocabulary: readVocabulary, decode: decodeOneToken };
  for (const [stage, run] of Object.entries(stages)) {
    const error = await run(path).catch((reason: unknown) => reason);
    report({ seed, stage, ...describe(error) });
  }
}

async function readVocabulary(path: string): Promise<void> {
  const vocabulary = await loadVocabulary(path);
  for (const parseSpecial of [true, false]) vocabulary.tokenize(text, parseSpecial);
  for (let token = 0; token < vocabulary.size; token++) vocabulary.bytes(token, true);
}

async function decodeOneToken(modelPath: string): Promise<void> {
  const { engine, language, dispose } = await createContext({ modelPath, nCtx: 256, nSeqMax: 2, nThreads: 1 });
  try {
    const sequence = engine.open();
    await engine.prefill([{ sequence, tokens: language.tokenize([{ text, origin: "user" }]) }]);
    await engine.run([{ sequence, token: engine.produce(sequence).token }]);
  } finally {
    await dispose();
  }
}

function describe(error: unknown) {
  if (error === undefined) return { outcome: "passed" };
  if (!isInferenceError(error)) return { outcome: "untyped", message: String(error) };
  const rule = error.facts.rule;
  return { outcome: rule === undefined ? "llama.cpp" : "validator", rule, code: error.code, message: error.message };
}

// At once and in full, also when the process ends in the next moment.
function report(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
