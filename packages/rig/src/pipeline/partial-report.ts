import type { AgentEvent, EventBus, Outcome } from "@lloyal-labs/lloyal-agents";
import type { CorpusSource } from "../corpus/corpus-source.ts";
import { verifyQuote } from "../corpus/quote-match.ts";
import type { Finding } from "../corpus/tools/report.ts";
import { blockQuote, checksOf, inline } from "./markdown.ts";

/** What an agent had come to when its run ended. */
export interface AgentNote {
  agentId: string;
  task: string;
  /** Undefined while it runs. */
  outcome: Outcome | undefined;
  finding: Finding | undefined;
}

/** Keeps a note per agent, up to date with every event, for a run that may not come to its end. */
export function noteAgents(events: EventBus): { notes(): AgentNote[]; stop(): void } {
  const byId = new Map<string, AgentNote>();
  const stop = events.listen((event: AgentEvent) => {
    if (event.type === "agent:spawn") {
      const { agentId, task } = event;
      byId.set(agentId, { agentId, task, outcome: undefined, finding: undefined });
      return;
    }
    const note = "agentId" in event && byId.get(event.agentId);
    if (!note) return;
    if (event.type === "agent:return" || event.type === "agent:recovered") note.finding = event.result as Finding;
    if (event.type === "agent:done") note.outcome = event.outcome;
  });
  return { notes: () => [...byId.values()], stop };
}

const passagesShown = 5;

/**
 * The report of a run that ended before its answer: what the agents reported, and the passages that they had read, the
 * most relevant first. Undefined when nothing was found yet, so that an older report is not overwritten with nothing.
 */
export function renderPartialReport(run: {
  query: string;
  /** Why it ended, as the end of a sentence: "interrupted". */
  why: string;
  notes: readonly AgentNote[];
  source: CorpusSource;
  model: string;
}): string | undefined {
  const { corpus, index, book } = run.source.bound;
  const reported = run.notes.flatMap(({ agentId, finding }) =>
    finding?.findings ? [`- ${agentId} [${finding.passage}]: ${inline(finding.findings)}`] : [],
  );
  const passages = book.citable
    .map((passage) => ({ passage, score: index.score(run.query, passage.chunk) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, passagesShown)
    .map(({ passage: { id, chunk } }) => {
      const { file, startLine, endLine, text } = chunk;
      const verified = verifyQuote(corpus, { file, startLine, endLine, quote: text });
      return `- **[${id}]** \`${file}:${startLine}-${endLine}\` (${checksOf({ verified })})\n${blockQuote(text)}`;
    });
  if (reported.length + passages.length === 0) return undefined;

  const research = run.notes.map(
    ({ agentId, task, outcome }) => `- ${agentId} (${outcome ?? "running"}): ${inline(task)}`,
  );
  return [
    `# ${inline(run.query)}`,
    `**There is no answer: the run ended early (${inline(run.why)}).** This is what had been found.`,
    ...(reported.length > 0 ? ["## Reported by agents, not checked", reported.join("\n")] : []),
    ...(passages.length > 0 ? ["## Passages read", passages.join("\n")] : []),
    "## Research",
    research.join("\n"),
    `_Searched by ${run.model}. A verified quote stands in the file at these lines._`,
    "",
  ].join("\n\n");
}
