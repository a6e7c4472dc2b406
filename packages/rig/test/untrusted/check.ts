import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initAgents } from "@lloyal-labs/lloyal-agents";
import { Branch, createLanguage, type Token, type Vocabulary } from "@lloyal-labs/sdk";
import { hostileText } from "@lloyal-labs/sdk/testing";
import { ensure, type Operation, run } from "effection";
import { expect } from "vitest";
import { PromptCatcher } from "./prompt-catcher.ts";
import { type Bench, type Prompt, type Way, ways } from "./ways.ts";

interface UntrustedTextOptions {
  runs: number;
  /** Bytes without a token of this vocabulary. A character of theirs stands as U+FFFD, as a lone surrogate does. */
  missingBytes?: readonly number[];
}

/**
 * Sends `runs` hostile texts, in turn, down every way into a prompt. What has to hold: cut at its structural tokens, the
 * prompt is that of a harmless text with the other text in its place.
 */
export function checkUntrustedText(
  vocabulary: Vocabulary,
  { runs, missingBytes = [] }: UntrustedTextOptions,
): Promise<void> {
  const literals = vocabulary.structural.map(({ text }) => text);
  const spelled = (text: string) =>
    Array.from(text, (char) => (canSpell(char, missingBytes) ? char : "\ufffd")).join("");
  return run(function* () {
    const bench = yield* openBench(vocabulary);
    const twins = new Map<Way, Prompt>();
    for (const way of ways) twins.set(way, yield* way.build(bench, "harmless-text-7"));

    for (let seed = 0; seed < runs; seed++) {
      const way = ways[seed % ways.length]!;
      const twin = twins.get(way)!;
      const prompt = yield* way.build(bench, hostileText(literals, seed));
      const actual = pieces(bench, prompt.tokens);
      const expected = expectations(bench, way, twin, prompt).map((one) =>
        one.map((piece) => (typeof piece === "string" ? spelled(piece) : piece)),
      );
      const match = expected.find((one) => one.every((piece, i) => piece === actual[i]));
      expect(actual, `${way.name}, seed ${seed}`).toEqual(match ?? expected[0]);
    }
  });
}

function canSpell(char: string, missingBytes: readonly number[]): boolean {
  return !/\p{Surrogate}/u.test(char) && !Buffer.from(char).some((byte) => missingBytes.includes(byte));
}

/** The twin's prompt with the content in its place, in every form that it may have. */
function expectations(bench: Bench, way: Way, twin: Prompt, { contents }: Prompt): (Token | string)[][] {
  let prompts = [pieces(bench, twin.tokens)];
  for (const [i, content] of contents.entries()) {
    const forms = way.forms?.(content, bench) ?? [content];
    prompts = prompts.flatMap((prompt) =>
      forms.map((form) =>
        prompt.map((piece) => (typeof piece === "string" ? piece.replaceAll(twin.contents[i]!, () => form) : piece)),
      ),
    );
  }
  return prompts;
}

function* openBench(vocabulary: Vocabulary): Operation<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "lloyal-untrusted-"));
  yield* ensure(() => rmSync(folder, { recursive: true }));
  const language = createLanguage(vocabulary);
  const engine = new PromptCatcher(vocabulary, { nCtx: 2 ** 20 });
  const ctx = { engine, language, modelName: "none", dispose: () => engine.dispose() };
  yield* initAgents(ctx);
  const structural = new Map(vocabulary.structural.map(({ token, text }) => [token, text]));
  return { language, structural, engine, branch: Branch.create(ctx, 0), folder };
}

/** The prompt as its structural tokens, with all text between two of them in one string. */
function pieces({ language, structural }: Bench, tokens: readonly Token[]): (Token | string)[] {
  const found: (Token | string)[] = [];
  let start = 0;
  for (const [index, token] of tokens.entries()) {
    if (!structural.has(token)) continue;
    found.push(language.detokenize(tokens.slice(start, index)), token);
    start = index + 1;
  }
  return [...found, language.detokenize(tokens.slice(start))];
}
