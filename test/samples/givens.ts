import { fileURLToPath } from "node:url";
import { type AnyTool, agentPool, createToolkit, Events, parallel, Tool } from "@lloyal-labs/lloyal-agents";
import type { Branch } from "@lloyal-labs/sdk";
import type { Operation } from "effection";
import { promptTokens, type Setting } from "./setting.ts";

const findings = ["A fork shares the cells of its parent.", "A prune gives them back."];

class LookupTool extends Tool<{ query: string }> {
  readonly name = "search";
  readonly description = "Finds what was written down.";
  readonly parameters = { type: "object", properties: { query: { type: "string" } }, required: ["query"] };
  *execute(_args: { query: string }): Operation<unknown> {
    return findings;
  }
}

class ReportTool extends Tool<{ findings: string }> {
  readonly name = "report";
  readonly description = "Ends with what was found.";
  readonly parameters = { type: "object", properties: { findings: { type: "string" } }, required: ["findings"] };
  *execute(): Operation<unknown> {
    return null;
  }
}

const sourceTools: AnyTool[] = [new LookupTool()];
const reportTool = new ReportTool();
const tools = [...sourceTools, reportTool];
const { toolMap, toolsJson } = createToolkit(tools);

/** What the texts take for given around their samples: each name, and its value in a setting. */
export const givens = {
  ctx: ({ ctx }) => ctx,
  store: ({ store }) => store,
  root: ({ branch }) => branch,
  branch: ({ branch }) => branch,
  tokens: ({ ctx }) => promptTokens(ctx),

  sourceTools: () => sourceTools,
  reportTool: () => reportTool,
  tools: () => tools,
  toolMap: () => toolMap,
  toolsJson: () => toolsJson,
  PLAYBOOKS: () => "Look things up, then report.",
  RESEARCH_PROMPT: () => "Look things up, then report.",
  WORKER_PROMPT: () => "You answer one question.",
  REPORT_PROMPT: () => "You report what was found.",
  questions: () => ["What does a fork cost?", "Who frees a cell?"],
  tasks: () => [{ content: "What does a fork cost?" }, { content: "Who frees a cell?" }],
  hardCut: ({ branch }) => [{ branch }],
  agents: ({ branch }): { state: string; branch: Branch }[] => [{ state: "generating", branch }],
  pressure: () => ({ critical: false }),

  limit: () => 3,
  maxTokens: () => 3,
  generatedTokens: ({ ctx }) => promptTokens(ctx),
  computeConstraints: () => (generated: readonly number[]) => generated.slice(-1),
  computeNgramBlocks: () => (generated: readonly number[], n: number) => generated.slice(-n),
  n: () => 2,
  jsonGrammar: () => `root ::= "{}"`,
  edtTemperature: () => (entropyNats: number) => 0.5 + entropyNats / 10,
  beams: (setting) =>
    promptTokens(setting.ctx)
      .slice(0, 2)
      .map((lastToken) => ({ branch: setting.fork(), lastToken })),
  yesTokenId: () => 121,
  noTokenId: () => 110,

  corpusDir: () => fileURLToPath(new URL("../../docs/", import.meta.url)),
  activeQuestions: (): string[] => [],
  discoveries: () => findings.join(" "),
  DatabaseResearchTool: () => LookupTool,

  searchFields: () => ({
    chunks: findings,
    reranker: { rank: async (_query: string, chunks: readonly string[]) => [...chunks].reverse() },
    search: (_query: string) => findings,
  }),
  agentCalls: () => agentCalls,
} satisfies Record<string, (setting: Setting) => unknown>;

/** The values by name. */
export type Givens = { [Name in keyof typeof givens]: ReturnType<(typeof givens)[Name]> };

/** An agent calls the tool and reports. Throws where the call does not bring what the tool was given to find. */
function* agentCalls(tool: AnyTool): Operation<void> {
  const results: string[] = [];
  const events = yield* Events.expect();
  const stop = events.listen((event) => {
    if (event.type === "agent:tool_result") results.push(event.prefilled);
  });
  yield* agentPool({
    orchestrate: parallel([{ content: "What does a fork cost?" }]),
    tools: [tool],
    terminal: reportTool,
  });
  stop();
  const found = findings.every((finding) => results.some((result) => result.includes(finding)));
  if (!found) throw new Error(`the agent has read ${JSON.stringify(results)}`);
}
