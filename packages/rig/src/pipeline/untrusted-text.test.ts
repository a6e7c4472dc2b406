import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initAgents } from "@lloyal-labs/lloyal-agents";
import { createLanguage, type PrefillEntry, type Token, type Vocabulary } from "@lloyal-labs/sdk";
import { createSimulatedVocabulary, hostileText, SimulatedEngine, scriptedReplies } from "@lloyal-labs/sdk/testing";
import { run } from "effection";
import { describe, expect, it } from "vitest";
import { checkUntrustedText } from "../../test/untrusted/check.ts";
import { chunkResources } from "../corpus/chunk-resources.ts";
import { CorpusSource } from "../corpus/corpus-source.ts";
import { loadResources } from "../corpus/load-resources.ts";
import { type PipelineResult, runPipeline } from "./run-pipeline.ts";

const runs = Number(process.env.LLOYAL_RUNS ?? 800);
const vocabulary = createSimulatedVocabulary();
const structural = new Map(vocabulary.structural.map(({ token, text }) => [token, text]));

/** As SmolLM2's: it has no token for a byte, and leaves the byte out. */
const withoutByte = (vocabulary: Vocabulary, byte: number): Vocabulary => ({
  ...vocabulary,
  tokenize: (text, parseSpecial) => vocabulary.tokenize(text, parseSpecial).filter((token) => token !== byte),
  bytes: (token, special) => (token === byte ? Uint8Array.of(0xff) : vocabulary.bytes(token, special)),
});

class ListeningEngine extends SimulatedEngine {
  readonly prompts: (readonly Token[])[] = [];

  override prefill(entries: readonly PrefillEntry[]): Promise<void> {
    this.prompts.push(...entries.map(({ tokens }) => tokens));
    return super.prefill(entries);
  }
}

// What the model says depends on our own words alone, which end each prompt.
const script = scriptedReplies((conversation) => {
  const asked = (words: string) => conversation.endsWith(`${words}<|im_end|>\n<|im_start|>assistant\n`);
  if (asked("Keep its names."))
    return '{"questions": [{"text": "When is it opened?", "intent": "research"}, {"text": "Who opens the kiln?", "intent": "research"}]}';
  if (asked("with the exact names from the text.")) return "It is opened on Sunday.";
  if (asked("</tool_response>"))
    return '<tool_call>\n{"name": "report", "arguments": {"passage": "none", "findings": "Sunday"}}\n</tool_call>';
  if (asked("that says so.")) return undefined;
  return '<tool_call>\n{"name": "search", "arguments": {"query": "kiln opened"}}\n</tool_call>';
});

interface Run {
  result: PipelineResult;
  /** The structure of each prompt that came to the engine, without its text. */
  structures: Set<string>;
}

/** A whole run over a folder of four files, with hostile names and contents, and a hostile query. */
async function runOver(vocabulary: Vocabulary, textOf: (index: number) => string): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "lloyal-untrusted-"));
  try {
    for (let index = 0; index < 4; index++) {
      const text = textOf(index).replaceAll("\0", "");
      const name = Array.from(text.replace(/[/\p{C}]/gu, ""))
        .slice(0, 40)
        .join("");
      writeFileSync(join(folder, `${name}${index}.txt`), `${text}\n\nThe kiln is opened on day ${index}.\n`);
    }
    const engine = new ListeningEngine(vocabulary, { nCtx: 2 ** 17, nBatch: 4096, nUbatch: 32, nSeqMax: 32, script });
    const language = createLanguage(vocabulary);
    const result = await run(function* () {
      yield* initAgents({ engine, language, modelName: "simulated", dispose: () => engine.dispose() });
      const resources = loadResources(folder);
      const source = new CorpusSource(resources, chunkResources(resources));
      yield* source.bind({});
      return yield* runPipeline({ query: `When is the kiln opened? ${textOf(0)}`, source, agents: 3 });
    });
    const structureOf = (tokens: readonly Token[]) => tokens.flatMap((token) => structural.get(token) ?? []).join(" ");
    return { result, structures: new Set(engine.prompts.map(structureOf)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("text that others wrote", () => {
  it("yields no structure and reads back, by every way into a prompt", { timeout: 60_000 + runs * 50 }, () =>
    checkUntrustedText(vocabulary, { runs }),
  );

  it("brings the same structure to the engine in whole runs as harmless text does", { timeout: 60_000 }, async () => {
    const known = (await runOver(vocabulary, (index) => `harmless text ${index}`)).structures;
    const literals = [...structural.values()];
    const met = new Set<string>();
    for (let seed = 0; seed < 10; seed++) {
      const { structures } = await runOver(vocabulary, (index) => hostileText(literals, 5 * seed + index).slice(-200));
      for (const structure of structures) {
        expect(known, `seed ${seed}`).toContain(structure);
        met.add(structure);
      }
    }
    expect(met).toEqual(known);
  });

  it("is not offered as a quote where the vocabulary cannot spell it", async () => {
    const { result } = await runOver(
      withoutByte(vocabulary, 0x04),
      (index) => `Day ${index} is the kiln's \u0004 day.`,
    );
    expect(result.statements.map(({ citation }) => citation.quote)).toEqual(["The kiln is opened on day 0."]);
  });
});
