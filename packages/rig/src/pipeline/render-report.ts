import { answerText, type PipelineResult } from "./run-pipeline.ts";

/** The report as Markdown: question, answer, and every citation with its place and its check. */
export function renderReport(result: PipelineResult, facts: { model: string; skipped: readonly string[] }): string {
  const citations = result.statements.map(({ citation }) => {
    const place = `${citation.file}:${citation.startLine}-${citation.endLine}`;
    const checks = `${citation.verified ? "quote verified" : "QUOTE NOT FOUND"}, ${citation.supported ? "supported" : "NOT SUPPORTED"}`;
    return `- **[${citation.id}]** \`${place}\` (${checks})\n${blockQuote(citation.quote)}`;
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

function blockQuote(text: string): string {
  return printable(text)
    .split("\n")
    .map((line) => `  > ${line}`)
    .join("\n");
}

function inline(text: string): string {
  return printable(text).replace(/\s+/g, " ").trim();
}

/** Corpus and model text may hold terminal escapes; a report is read in terminals. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are taken out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "");
}
