import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AnyTool, buildPrompt, Tool } from "@lloyal-labs/lloyal-agents";
import type { Branch, Language, Token } from "@lloyal-labs/sdk";
import { type Operation, scoped } from "effection";
import { expect } from "vitest";
import { fitResults } from "../../../agents/src/scheduler/fit-text.ts";
import { measureText } from "../../../agents/src/scheduler/measure-text.ts";
import { runTool } from "../../../agents/src/tools/run-tool.ts";
import type { BoundCorpus } from "../../src/corpus/bound-corpus.ts";
import { type ChunkOptions, chunkCorpus, chunkResources } from "../../src/corpus/chunk-resources.ts";
import { CorpusSource } from "../../src/corpus/corpus-source.ts";
import { loadResources } from "../../src/corpus/load-resources.ts";
import { SearchIndex } from "../../src/corpus/search-index.ts";
import { corpusOf } from "../../src/corpus/testing/corpus-of.ts";
import { GrepTool } from "../../src/corpus/tools/grep.ts";
import { ReadFileTool } from "../../src/corpus/tools/read-file.ts";
import { SearchTool } from "../../src/corpus/tools/search.ts";
import { bodyOf, PassageBook, renderPassages } from "../../src/evidence/passage-book.ts";
import { planQuestions, taskOf } from "../../src/pipeline/plan.ts";
import { synthesize } from "../../src/pipeline/synthesize.ts";
import { type PromptCatcher, promptOf } from "./prompt-catcher.ts";

export interface Prompt {
  tokens: readonly Token[];
  /** What others wrote in it, as the product hands it to the language. */
  contents: readonly string[];
}

export interface Way {
  name: string;
  build(bench: Bench, text: string): Operation<Prompt>;
  /** How content may stand in the prompt; as it is, where absent. */
  forms?(content: string, bench: Bench): string[];
}

export interface Bench {
  language: Language;
  structural: ReadonlyMap<Token, string>;
  engine: PromptCatcher;
  branch: Branch;
  folder: string;
}

const page = "The kiln is opened on Sunday.";
const question = "When is the kiln opened on Sunday?";
// So wide that a page is one passage, with every character that stands in it.
const wide: ChunkOptions = { target: 1e6, wholeMax: 1e6 };

/** Every way by which text that others wrote enters a prompt, built by the code that the product runs. */
export const ways: readonly Way[] = [
  {
    name: "page text, in a tool result",
    build(bench, hostile) {
      const text = asPage(hostile);
      const tool = new ReadFileTool(bound({ "page.txt": `${page}\n${text}.` }));
      return toolResult(bench, tool, { path: "page.txt", startLine: 1 }, text);
    },
    forms: asResult,
  },
  {
    name: "page text and query, in the prompt of a reading",
    build: readingPrompt,
  },
  {
    name: "file name, above a passage",
    build: (bench, text) => toolResult(bench, new SearchTool(bound({ [text]: page })), { query: "kiln" }, text),
    forms: asResult,
  },
  {
    name: "file name, in a list of matches",
    build: (bench, text) =>
      toolResult(bench, new GrepTool(bound({ [`${text}.csv`]: page })), { pattern: "kiln" }, text),
    forms: asResult,
  },
  {
    name: "tool description and schema",
    *build({ language }, text) {
      const { schema } = new ProbeTool(text);
      const { tokens } = buildPrompt(language, undefined, {
        systemPrompt: "Be brief.",
        tools: [schema],
        content: "Go.",
      });
      return { tokens, contents: [JSON.stringify(schema)] };
    },
    forms: (json) => (json.includes("</tools>") ? [withoutBrackets(json)] : [json, withoutBrackets(json)]),
  },
  {
    name: "tool error",
    build: (bench, text) => toolResult(bench, new ProbeTool(text), {}, text),
    forms: asResult,
  },
  {
    name: "query, in the planner's prompt",
    *build({ engine }, text) {
      return { tokens: yield* promptOf(engine, 0, planQuestions(text, 3)), contents: [text] };
    },
  },
  {
    name: "query, in an agent's task",
    *build({ language }, text) {
      const content = taskOf({ text, intent: "research", partOf: text });
      return { tokens: buildPrompt(language, undefined, { content }).tokens, contents: [content] };
    },
  },
];

/** A tool whose author is not to be trusted: with its description, its schema and its error. */
class ProbeTool extends Tool {
  readonly name = "probe";
  readonly description: string;
  readonly parameters;

  constructor(text: string) {
    super();
    this.description = text;
    const choice = { type: "string", title: text, description: text, enum: [text] };
    this.parameters = { type: "object", properties: { choice }, title: text };
  }

  *execute(): Operation<never> {
    throw new Error(this.description);
  }
}

function* toolResult(
  { language, branch }: Bench,
  tool: AnyTool,
  args: Readonly<Record<string, unknown>>,
  hostile: string,
): Operation<Prompt> {
  const { text } = yield* runTool(tool, { agentId: "a1", callId: "a1.1.1", branch, args, turn: 1, onProgress() {} });
  expect(text).toContain(hostile);
  const measured = yield* measureText(language, { name: tool.name, text }, Number.POSITIVE_INFINITY);
  const fitted = fitResults(language, [{ name: tool.name, measured }], Number.POSITIVE_INFINITY);
  return { tokens: fitted?.tokens ?? [], contents: [text] };
}

/** What of a text can stand in one passage of a file: UTF-8 without NUL, its line ends as `\n`, not too long. */
function asPage(hostile: string): string {
  return Buffer.from(hostile.slice(-1500)).toString().replaceAll("\0", "").replaceAll("\r\n", "\n");
}

function bound(texts: Readonly<Record<string, string>>): BoundCorpus {
  const corpus = corpusOf(texts);
  const chunks = chunkCorpus(corpus, wide);
  return { corpus, chunks, index: new SearchIndex(chunks), book: new PassageBook() };
}

function* readingPrompt({ engine, folder }: Bench, hostile: string): Operation<Prompt> {
  const text = asPage(hostile);
  const query = `${text} ${question}`;
  writeFileSync(join(folder, "page.txt"), `${text}\n\n${page}`);
  return yield* scoped(function* () {
    const resources = loadResources(folder);
    const source = new CorpusSource(resources, chunkResources(resources, wide));
    yield* source.bind({});
    const { book, chunks } = source.bound;
    const passage = book.passageOf(chunks[0]!);
    book.settle("a1", renderPassages([passage]));
    const tokens = yield* promptOf(engine, 1, synthesize(query, [], [], source));
    expect(bodyOf(passage)).toContain(text.trim());
    return { tokens, contents: [bodyOf(passage), query] };
  });
}

/** A result that could end itself, where the border of results is ordinary text, has to be a JSON string. */
function asResult(content: string, { structural }: Bench): string[] {
  if ([...structural.values()].includes("</tool_response>")) return [content];
  const json = withoutBrackets(JSON.stringify(content));
  return content.includes("</tool_response>") ? [json] : [content, json];
}

function withoutBrackets(json: string): string {
  return json.replaceAll("<", "\\u003c");
}
