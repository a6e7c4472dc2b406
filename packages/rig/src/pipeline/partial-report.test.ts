import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEventBus, type EventBus, Events } from "@lloyal-labs/lloyal-agents";
import { type Operation, run } from "effection";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chunkResources } from "../corpus/chunk-resources.ts";
import { CorpusSource } from "../corpus/corpus-source.ts";
import { loadResources } from "../corpus/load-resources.ts";
import { renderPassages } from "../evidence/passage-book.ts";
import { noteAgents, renderPartialReport } from "./partial-report.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lloyal-partial-"));
  writeFileSync(
    join(folder, "tides.md"),
    "# Tides\n\nThe tide is high at noon.\n\n## Boats\n\nBoats leave \u001b[31mearly.\n",
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

const query = "When is the tide high?";

/** The report of a run in which `happen` was all that had happened. */
function reportAfter(happen: (events: EventBus, source: CorpusSource) => void): Promise<string | undefined> {
  return run(function* (): Operation<string | undefined> {
    const events = createEventBus();
    yield* Events.set(events);
    const resources = loadResources(folder);
    const source = new CorpusSource(resources, chunkResources(resources));
    yield* source.bind({});
    const { notes, stop } = noteAgents(events);
    happen(events, source);
    stop();
    return renderPartialReport({ query, why: "interrupted", notes: notes(), source, model: "a model" });
  });
}

const spawn = (events: EventBus, agentId: string) =>
  events.send({ type: "agent:spawn", agentId, parentAgentId: undefined, task: query, promptTokens: 1 });

/** Shows the agent the corpus's windows, as a tool result that reached its branch. */
function show(events: EventBus, source: CorpusSource, agentId: string): void {
  const { book, chunks } = source.bound;
  const prefilled = renderPassages(chunks.map((chunk) => book.passageOf(chunk)));
  events.send({ type: "agent:tool_result", agentId, callId: "c", tool: "search", result: prefilled, prefilled });
}

describe("the report of a run that ended early", () => {
  it("does not exist while nothing was found", async () => {
    expect(await reportAfter((events) => spawn(events, "a1"))).toBeUndefined();
  });

  it("shows what agents had read, verified and without terminal escapes, and who was at work", async () => {
    const report = await reportAfter((events, source) => {
      spawn(events, "a1");
      show(events, source, "a1");
      events.send({ type: "agent:done", agentId: "a1", outcome: "cancelled" });
    });
    expect(report).toContain("There is no answer: the run ended early (interrupted)");
    expect(report).toContain("`tides.md:");
    expect(report).toContain("The tide is high at noon.");
    expect(report).toContain("- a1 (cancelled): When is the tide high?");
    expect(report).not.toContain("\u001b");
    expect(report).not.toContain("Reported by agents");
  });

  it("shows what agents had reported, marked as not checked, and who still ran", async () => {
    const report = await reportAfter((events) => {
      spawn(events, "a1");
      spawn(events, "a2");
      events.send({ type: "agent:recovered", agentId: "a1", result: { passage: "p1", findings: "At noon." } });
      events.send({ type: "agent:done", agentId: "a1", outcome: "recovered" });
    });
    expect(report).toContain("## Reported by agents, not checked\n\n- a1 [p1]: At noon.");
    expect(report).toContain("- a2 (running)");
  });
});
