// The arms of `bench answers`: the pipeline, and three simpler ways to the same answer.

import { createContext } from "@lloyal-labs/lloyal.node";
import { type AgentRuntime, generate, initAgents } from "@lloyal-labs/lloyal-agents";
import {
  answerText,
  CorpusSource,
  chunkResources,
  type Finding,
  loadResources,
  renderPassages,
  research,
  runPipeline,
} from "@lloyal-labs/rig";
import { gbnfLiteral, oneOf } from "@lloyal-labs/sdk";
import { type Operation, run, until } from "effection";
import type { Answer } from "./questions.ts";

export interface BenchTarget {
  modelPath: string;
  corpus: string;
}

type Arm = (query: string, source: CorpusSource, runtime: AgentRuntime) => Operation<Answer>;

/** Retrieval alone: the best sentence of each of the three best windows. It cannot decline. */
function* withoutModel(query: string, source: CorpusSource): Operation<Answer> {
  const { index, book } = source.bound;
  const quotes = index.search(query, 3).map(({ chunk }) => {
    const { sentences } = book.passageOf(chunk);
    const best = [...sentences].sort((a, b) => index.coverage(query, b.text) - index.coverage(query, a.text))[0];
    return best?.text ?? "";
  });
  return { text: quotes.join("\n"), cited: quotes.length > 0, declined: false };
}

/** One prompt over the six best windows; quote first, by grammar, then one sentence. */
function* singlePrompt(query: string, source: CorpusSource): Operation<Answer> {
  const { index, book } = source.bound;
  const passages = index.search(query, 6).map(({ chunk }) => book.passageOf(chunk));
  const none = "none of these";
  const quotes = [...new Set(passages.flatMap(({ sentences }) => sentences.map(({ text }) => text)))];
  const grammar = [
    `root ::= "Quote: " quote "\\nAnswer: " [^\\n]{3,160}`,
    `quote ::= ${gbnfLiteral(none)} | ${oneOf(quotes)}`,
  ].join("\n");
  const { text } = yield* generate({
    systemPrompt: "You answer questions from passages of a documentation.",
    prompt: `${renderPassages(passages)}\n\nQuestion: ${query}\nFirst copy the one sentence of the passages that answers the question, or "${none}". Then answer in one short sentence.`,
    grammar,
    maxTokens: 240,
  });
  const [quote = "", answer = ""] = text.split("\nAnswer: ");
  const declined = quote === `Quote: ${none}`;
  return { text: answer, cited: !declined, declined };
}

/** One agent, its report as the answer. */
function* oneAgent(query: string, source: CorpusSource): Operation<Answer> {
  const [agent] = yield* research(source, [{ text: query, intent: "research" }]);
  const finding = agent?.result as Finding | null | undefined;
  const cited = finding !== null && finding !== undefined && finding.passage !== "none";
  return { text: finding?.findings ?? "", cited, declined: !cited };
}

function* pipeline(query: string, source: CorpusSource): Operation<Answer> {
  const result = yield* runPipeline({ query, source });
  return { text: answerText(result), cited: result.statements.length > 0, declined: !result.answerable };
}

export const arms: Record<string, Arm> = { pipeline, withoutModel, singlePrompt, oneAgent };

/** Runs one arm on a fresh context and a freshly bound corpus. */
export function answerWith(arm: string, query: string, { modelPath, corpus }: BenchTarget): Promise<Answer> {
  return run(function* () {
    const runtime = yield* initAgents(yield* until(createContext({ modelPath, nCtx: 4096 })));
    const resources = loadResources(corpus);
    const source = new CorpusSource(resources, chunkResources(resources));
    yield* source.bind({});
    return yield* (arms[arm] as Arm)(query, source, runtime);
  });
}
