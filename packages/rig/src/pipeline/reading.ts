import type { AgentResult } from "@lloyal-labs/lloyal-agents";
import type { SearchIndex } from "../corpus/search-index.ts";
import type { Finding } from "../corpus/tools/report.ts";
import { type Passage, type PassageBook, wholeText } from "../evidence/passage-book.ts";
import { type PlannedQuestion, taskOf } from "./plan.ts";
import type { Quotable } from "./quotable.ts";

/** One passage to be read with one question in mind. */
export interface Reading {
  question: string;
  passage: Passage;
  /** Relevance of the passage to the question, 1 for the best one. */
  weight: number;
}

export interface ReadingLimits {
  /** Passages read for the query itself. */
  forQuery: number;
  /** Readings in all. */
  total: number;
}

/** A passage much less relevant than the best one is not worth a reading. */
const weightMin = 0.7;

/** Share of a question's rare words that a passage must hold to speak of it; measured, see docs/decisions. */
export const coverageMin = 0.45;

/**
 * Decides what is read: the passages most relevant to the query, then for each agent's own question the passage
 * that it reported, or its most relevant one. Only passages that an agent has seen count, and of these only those with
 * a sentence to quote.
 */
export function planReadings(
  query: string,
  questions: readonly PlannedQuestion[],
  agents: readonly AgentResult[],
  book: PassageBook,
  index: SearchIndex,
  quotable: Quotable,
  limits: ReadingLimits = { forQuery: 3, total: 6 },
): Reading[] {
  const readings = ranked(query, book.citable, index, quotable).slice(0, limits.forQuery);
  for (const agent of agents) {
    const question = questions.find((each) => taskOf(each) === agent.task);
    if (!question?.partOf) continue;
    const seen = ranked(question.text, book.seenBy(agent.agentId), index, quotable);
    const reported = (agent.result as Finding | null)?.passage;
    const own = seen.find(({ passage }) => passage.id === reported) ?? seen[0];
    if (own && index.coverage(question.text, wholeText(own.passage)) >= coverageMin) readings.push(own);
  }
  return readings.slice(0, limits.total);
}

function ranked(question: string, passages: readonly Passage[], index: SearchIndex, quotable: Quotable): Reading[] {
  const scored = passages
    .filter(({ sentences }) => sentences.some(quotable))
    .map((passage) => ({ question, passage, weight: index.score(question, passage.chunk) }))
    .sort((a, b) => b.weight - a.weight);
  const best = scored[0]?.weight ?? 0;
  if (best <= 0) return [];
  return scored.map((each) => ({ ...each, weight: each.weight / best })).filter(({ weight }) => weight >= weightMin);
}
