import {
  type AgentResult,
  buildPrompt,
  Ctx,
  type Prompted,
  respond,
  Store,
  withSpine,
} from "@lloyal-labs/lloyal-agents";
import {
  type Branch,
  buildUserDelta,
  gbnfLiteral,
  KvExhaustedError,
  type Language,
  oneOf,
  type Segment,
  type Token,
} from "@lloyal-labs/sdk";
import { ensure, type Operation, scoped, until } from "effection";
import type { CorpusSource } from "../corpus/corpus-source.ts";
import { verifyQuote } from "../corpus/quote-match.ts";
import type { SearchIndex } from "../corpus/search-index.ts";
import type { Sentence } from "../corpus/sentences.ts";
import { isSupported } from "../corpus/support.ts";
import { bodyOf, headOf, type Passage, wholeText } from "../evidence/passage-book.ts";
import type { PlannedQuestion } from "./plan.ts";
import { promptFile } from "./prompt-file.ts";
import { type Quotable, quotableIn } from "./quotable.ts";
import { coverageMin, planReadings, type Reading } from "./reading.ts";

export interface Citation {
  /** Id of the passage, as the model wrote it. */
  id: string;
  file: string;
  startLine: number;
  endLine: number;
  /** Verbatim characters of those lines. */
  quote: string;
  /** The quote stands in the file at those lines. */
  verified: boolean;
  /** The passage carries the statement, by the lexical rule of `isSupported`. */
  supported: boolean;
}

export interface Statement {
  text: string;
  citation: Citation;
}

export interface Synthesis {
  statements: Statement[];
  /** False when no passage that was read speaks of enough of the question. */
  answerable: boolean;
}

const statementsMax = 3;
const quotesOffered = 4;

/**
 * Reads the best passages each on a branch of its own, lets every reading cite, and keeps what its passage
 * carries. A citation is an id and a quote that the model writes under a grammar which holds only that passage's
 * id and its own sentences.
 */
export function synthesize(
  query: string,
  questions: readonly PlannedQuestion[],
  agents: readonly AgentResult[],
  source: CorpusSource,
): Operation<Synthesis> {
  return scoped(function* () {
    const { index, book } = source.bound;
    const store = yield* Store.expect();
    const { language } = yield* Ctx.expect();
    const quotable = quotableIn(language);
    const planned = planReadings(query, questions, agents, book, index, quotable);
    const coverage = Math.max(0, ...book.citable.map((passage) => index.coverage(query, wholeText(passage))));
    if (planned.length === 0 || coverage < coverageMin) return { statements: [], answerable: false };
    const readings = fitReadings(planned, language, store.pressure().free);
    const drafts = yield* withSpine({ systemPrompt: promptFile("read") }, (spine) =>
      read(spine, readings, index, quotable),
    );
    const statements = choose(drafts.map((draft) => ({ reading: draft.reading, statement: cite(source, draft) })));
    return { statements, answerable: statements.some(({ citation }) => citation.supported) };
  });
}

/** Tokens of one reading beside its passage: the frame, the answer, the citation. */
const readingTokens = { frame: 96, answer: 60, citation: 240 };

/**
 * The first readings that fit into the free cells together.
 *
 * @throws KvExhaustedError when not one fits: that is no reason to say that the corpus holds no answer
 */
function fitReadings(readings: readonly Reading[], language: Language, free: number): Reading[] {
  const costs = readings.map(({ passage, question }) => {
    const text: Segment = { text: `${wholeText(passage)}${question}`, origin: "tool" };
    return language.tokenize([text]).length + readingTokens.frame + readingTokens.answer + readingTokens.citation;
  });
  let room = free - readingTokens.frame;
  const fitting = readings.filter((_, i) => {
    const cost = costs[i] as number;
    if (cost > room) return false;
    room -= cost;
    return true;
  });
  if (fitting.length === 0)
    throw new KvExhaustedError({ needed: Math.min(...costs), available: room, doing: "a reading" });
  return fitting;
}

interface Draft {
  reading: Reading;
  text: string;
  id: string;
  quote: Sentence;
}

/** Two turns for all readings at once: the answer in free words, then its citation under a grammar. */
function* read(
  spine: Branch,
  readings: readonly Reading[],
  index: SearchIndex,
  quotable: Quotable,
): Operation<Draft[]> {
  const { language } = yield* Ctx.expect();
  const store = yield* Store.expect();
  const prompts = readings.map(({ question, passage }) => {
    const head = `Text ${passage.id} (${passage.chunk.heading}):`;
    const content = `${head}\n${bodyOf(passage)}\n\nQuestion: ${question}\nAnswer in one short sentence, with the exact names from the text.`;
    return buildPrompt(language, spine, { content }).tokens;
  });
  // A passage that is read with several questions in mind is prefilled once: its readings fork after it.
  const stems = new Map<Passage, { branch: Branch; tokens: readonly Token[] }>();
  yield* ensure(() => {
    for (const { branch } of stems.values()) branch.pruneSubtreeSync();
  });
  for (const { passage } of readings) {
    if (stems.has(passage)) continue;
    const tokens = commonPrefix(prompts.filter((_, i) => readings[i]?.passage === passage));
    stems.set(passage, { branch: spine.forkSync(), tokens });
  }
  yield* until(store.prefill([...stems.values()].map(({ branch, tokens }) => [branch, tokens] as const)));
  const branches = readings.map(({ passage }) => stems.get(passage)?.branch.forkSync() as Branch);
  const answers = yield* respond(
    prompts.map((tokens, i): Prompted => {
      const { passage } = readings[i] as Reading;
      const rest = tokens.slice(stems.get(passage)?.tokens.length);
      return { branch: branches[i] as Branch, tokens: rest, tokensMax: readingTokens.answer };
    }),
  );
  const texts = answers.map(({ text, complete }) => (complete ? tidy(text) : wholeSentences(tidy(text))));
  const offers = readings.map(({ question, passage }, i) =>
    offerQuotes(passage, `${texts[i]} ${question}`, index, quotable),
  );
  const citations = yield* respond(
    readings.map(({ passage }, i): Prompted => {
      const grammar = `root ::= ${gbnfLiteral(`[${passage.id}] `)} quote\nquote ::= ${oneOf((offers[i] ?? []).map(({ text }) => text))}`;
      const tokens = buildUserDelta(language, `Copy the sentence of text ${passage.id} that says so.`);
      return { branch: branches[i] as Branch, tokens, grammar, tokensMax: readingTokens.citation };
    }),
  );
  return readings.flatMap((reading, i) => {
    const [, id, quoted] = /^\[(\w+)\] ([\s\S]*)$/.exec(citations[i]?.text ?? "") ?? [];
    const quote = offers[i]?.find(({ text }) => text === quoted);
    return id && quote && texts[i] ? [{ reading, text: texts[i], id, quote }] : [];
  });
}

/** What all lists begin with, short of the last token of the shortest: a branch needs a token to have a row. */
function commonPrefix(lists: readonly (readonly Token[])[]): readonly Token[] {
  const [first = [], ...others] = lists;
  const length = first.findIndex((token, i) => others.some((other) => other[i] !== token || i + 1 >= other.length));
  return first.slice(0, Math.min(length === -1 ? first.length : length, first.length - 1));
}

/** The passage's sentences that share most with the answer and the question, in the order of the text. */
function offerQuotes(passage: Passage, about: string, index: SearchIndex, quotable: Quotable): Sentence[] {
  const best = new Set(
    [...passage.sentences]
      .filter(quotable)
      .sort((a, b) => index.coverage(about, b.text) - index.coverage(about, a.text))
      .slice(0, quotesOffered),
  );
  return passage.sentences.filter((sentence) => best.has(sentence));
}

function cite(source: CorpusSource, { text, id, quote, reading: { passage } }: Draft): Statement {
  const { file } = passage.chunk;
  const place = { file, startLine: quote.startLine, endLine: quote.endLine, quote: quote.text };
  const verified = verifyQuote(source.bound.corpus, place);
  const { supported } = isSupported(text, passage.chunk.text, { heading: headOf(passage) });
  return { text, citation: { id, ...place, verified, supported } };
}

/**
 * Supported statements in order of relevance, none that repeats another or only the question or a heading. Where there
 * is none, the first unsupported one, to be marked.
 */
function choose(drafts: readonly { reading: Reading; statement: Statement }[]): Statement[] {
  const kept: Statement[] = [];
  const answers = drafts.filter(({ reading, statement }) => {
    const { heading } = reading.passage.chunk;
    return !holds(reading.question, statement.text) && !holds(heading, statement.text);
  });
  for (const { statement } of answers) {
    const { citation, text } = statement;
    const repeats = kept.some(
      (other) => other.text === text || (other.citation.id === citation.id && holds(other.text, text)),
    );
    if (citation.supported && !repeats) kept.push(statement);
  }
  return kept.length > 0 ? kept.slice(0, statementsMax) : answers.slice(0, 1).map(({ statement }) => statement);
}

/** Whether `text` says nothing that `other` does not say. */
function holds(other: string, text: string): boolean {
  return isSupported(text, other, { shareMin: 0.8 }).supported;
}

/** What stands up to the last full stop: an answer that was cut must not end in half a number. */
function wholeSentences(text: string): string {
  return /^[\s\S]*[.!?](?=\s|$)/.exec(text)?.[0] ?? "";
}

function tidy(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
