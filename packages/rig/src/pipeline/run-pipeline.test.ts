import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AgentEvent, initAgents } from "@lloyal-labs/lloyal-agents";
import { createSimulatedContext, scriptedReplies } from "@lloyal-labs/sdk/testing";
import { run } from "effection";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chunkResources } from "../corpus/chunk-resources.ts";
import { CorpusSource } from "../corpus/corpus-source.ts";
import { loadResources } from "../corpus/load-resources.ts";
import { answerText, notAnswered, type PipelineResult, runPipeline } from "./run-pipeline.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lloyal-rig-"));
  mkdirSync(join(folder, "guide"));
  writeFileSync(
    join(folder, "guide/cache.md"),
    "# The cache\n\n## Eviction\n\nThe cache evicts entries after 40 minutes. Set `CACHE_TTL` to change this.\n",
  );
  writeFileSync(join(folder, "guide/mail.md"), "# Mail\n\nMail is sent by the courier at noon.\n");
  writeFileSync(join(folder, "picture.jpg"), Buffer.from([0xff, 0xd8, 0, 0, 0]));
});
afterEach(() => rmSync(folder, { recursive: true }));

const query = "Which variable changes when the cache evicts entries?";

/** The model's side of the conversation; the grammar still has the last word. */
interface Model {
  answer: string;
  report?: string;
}

function replies({ answer, report = "p1" }: Model): (conversation: string) => string | undefined {
  return (conversation) => {
    const turn = conversation.slice(conversation.lastIndexOf("<|im_start|>user"));
    if (turn.includes("short questions")) {
      return '{"questions": [{"text": "When does the cache evict?", "intent": "research"}, {"text": "Which variable is set?", "intent": "research"}]}';
    }
    if (turn.includes("Copy the sentence")) return "[p1] Set `CACHE_TTL` to change this.";
    if (turn.includes("Answer in one short sentence")) return answer;
    if (turn.includes("<tool_response>")) {
      return `<tool_call>\n{"name": "report", "arguments": {"passage": "${report}", "findings": "CACHE_TTL"}}\n</tool_call>`;
    }
    return '<tool_call>\n{"name": "search", "arguments": {"query": "cache evicts"}}\n</tool_call>';
  };
}

async function runOn(model: Model, question = query): Promise<PipelineResult & { events: AgentEvent[]; left: number }> {
  return await run(function* () {
    const script = scriptedReplies(replies(model));
    const { store, events } = yield* initAgents(
      createSimulatedContext({ nCtx: 16_384, nBatch: 512, nUbatch: 32, nSeqMax: 16, script }),
    );
    const heard: AgentEvent[] = [];
    events.listen((event) => heard.push(event));
    const resources = loadResources(folder);
    const source = new CorpusSource(resources, chunkResources(resources));
    yield* source.bind({});
    const result = yield* runPipeline({ query: question, source, agents: 3 });
    return { ...result, events: heard, left: store.pressure().used };
  });
}

describe("the pipeline", () => {
  it("answers with a citation that stands at file and lines, and leaves no cell behind", async () => {
    const result = await runOn({ answer: "Set `CACHE_TTL`." });
    expect(result.statements).toEqual([
      {
        text: "Set `CACHE_TTL`.",
        citation: {
          id: "p1",
          file: "guide/cache.md",
          startLine: 5,
          endLine: 5,
          quote: "Set `CACHE_TTL` to change this.",
          verified: true,
          supported: true,
        },
      },
    ]);
    expect(result.agents.map(({ outcome }) => outcome)).toEqual(["returned", "returned", "returned"]);
    expect(result.left).toBe(0);
  });

  it("marks a statement that its passage does not carry, and does not call it an answer", async () => {
    const result = await runOn({ answer: "Set `MAIL_HOST` to 17." });
    expect(result.statements.map(({ citation }) => citation.supported)).toEqual([false]);
    expect(answerText(result)).toContain(notAnswered);
    expect(answerText(result)).toContain("not supported");
  });

  it("does not take the question for its answer", async () => {
    const result = await runOn({ answer: query });
    expect(result.answerable).toBe(false);
  });

  it("says that the corpus does not answer what no passage speaks of", async () => {
    const result = await runOn({ answer: "42" }, "What does a monthly subscription to the observatory cost?");
    expect(result.answerable).toBe(false);
    expect(answerText(result)).toBe(notAnswered);
  });

  it("lets an agent report only passages that it has seen", async () => {
    const result = await runOn({ answer: "Set `CACHE_TTL`.", report: "p99" });
    const reported = ["a1", "a2", "a3"].flatMap((id) => {
      const own = result.events.flatMap((event) =>
        event.type === "agent:produce" && event.agentId === id ? [event.text] : [],
      );
      return [...own.join("").matchAll(/"passage": "(\w+)"/g)].map(([, passage]) => passage);
    });
    // Three reports that ran too long, and the one that each of their recoveries began.
    expect(reported.length).toBe(6);
    expect(reported.every((id) => ["p1", "p2", "none"].includes(id as string))).toBe(true);
  });

  it("cites nothing that stood in no tool result", async () => {
    const result = await runOn({ answer: "Set `CACHE_TTL`." });
    const shown = result.events
      .flatMap((event) => (event.type === "agent:tool_result" ? [event.prefilled] : []))
      .join("\n");
    for (const { citation } of result.statements) {
      expect(shown).toContain(`[${citation.id}]`);
      expect(shown).toContain(citation.quote);
    }
  });
});
