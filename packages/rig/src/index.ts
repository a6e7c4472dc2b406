export { chunkResources } from "./corpus/chunk-resources.ts";
export { CorpusSource } from "./corpus/corpus-source.ts";
export { loadResources, readResources } from "./corpus/load-resources.ts";
export { verifyQuote } from "./corpus/quote-match.ts";
export { isSupported, type Support } from "./corpus/support.ts";
export { GrepTool } from "./corpus/tools/grep.ts";
export { ReadFileTool } from "./corpus/tools/read-file.ts";
export { type Finding, ReportTool } from "./corpus/tools/report.ts";
export { SearchTool } from "./corpus/tools/search.ts";
export { type Passage, PassageBook, renderPassages } from "./evidence/passage-book.ts";
export { printable } from "./pipeline/markdown.ts";
export { type AgentNote, noteAgents, renderPartialReport } from "./pipeline/partial-report.ts";
export { type PlannedQuestion, planQuestions } from "./pipeline/plan.ts";
export { renderReport } from "./pipeline/render-report.ts";
export { research } from "./pipeline/research.ts";
export {
  answerText,
  notAnswered,
  type PipelineOptions,
  type PipelineResult,
  runPipeline,
} from "./pipeline/run-pipeline.ts";
export { type Citation, type Statement, type Synthesis, synthesize } from "./pipeline/synthesize.ts";
