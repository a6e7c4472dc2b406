import { blockQuote, checksOf, inline } from "./markdown.ts";
import { answerText, type PipelineResult } from "./run-pipeline.ts";

/** The report as Markdown: question, answer, and every citation with its place and its check. */
export function renderReport(result: PipelineResult, facts: { model: string; skipped: readonly string[] }): string {
  const citations = result.statements.map(({ citation }) => {
    const place = `${citation.file}:${citation.startLine}-${citation.endLine}`;
    return `- **[${citation.id}]** \`${place}\` (${checksOf(citation)})\n${blockQuote(citation.quote)}`;
  });
  const research = result.agents.map(
    ({ agentId, task, outcome, toolCallCount }) =>
      `- ${agentId} (${outcome}, ${toolCallCount} tool calls): ${inline(task)}`,
  );
  return [
    `# ${inline(result.query)}`,
    answerText(result).split("\n").map(inline).join("\n\n"),
    ...(citations.length > 0 ? ["## Citations", citations.join("\n")] : []),
    "## Research",
    research.join("\n"),
    ...(facts.skipped.length > 0
      ? ["## Skipped files", facts.skipped.map((line) => `- ${inline(line)}`).join("\n")]
      : []),
    `_Answered by ${facts.model}. A verified quote stands in the file at these lines; support is judged by words alone._`,
    "",
  ].join("\n\n");
}
