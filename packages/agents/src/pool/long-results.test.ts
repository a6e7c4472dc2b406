import type { Vocabulary } from "@lloyal-labs/sdk";
import { createSimulatedVocabulary } from "@lloyal-labs/sdk/testing";
import { type Operation, spawn, until, withResolvers } from "effection";
import { describe, expect, it } from "vitest";
import type { AgentEvent } from "../events/agent-event.ts";
import { parallel } from "../orchestrate/parallel.ts";
import type { ContextBudget } from "../policy/agent-policy.ts";
import { DefaultAgentPolicy } from "../policy/default-policy.ts";
import { runSimulated, toolCallText } from "../testing/run-simulated.ts";
import { Lookup, Report } from "../testing/test-tools.ts";
import { agentPool } from "./agent-pool.ts";
import type { Orchestrator } from "./pool-types.ts";

const page = Array.from({ length: 9000 }, (_, i) => `line ${i} of the page`).join("\n");
const pieceCharsMax = 4096;
const size = { nCtx: 8192, nSeqMax: 8, nBatch: 512, nUbatch: 32 };

/** Has long texts under some names, and entries on everything else. */
class Fetch extends Lookup {
  override readonly concurrent = true;
  override *execute({ query }: { query: string }): Operation<unknown> {
    if (query === "page") return page;
    // Its measured part ends far behind the line at which it would be cut.
    if (query === "strip") return `line 0 ${"a".repeat(6500)}\n${"b".repeat(190_000)}`;
    return `The entry on ${query}.`;
  }
}

const reply = (conversation: string) => {
  const task = /task (\w+)/.exec(conversation.slice(conversation.lastIndexOf("task ")))?.[1] ?? "none";
  return /Stop here|refused:|line 0|entry on/.test(conversation)
    ? toolCallText("report", { findings: "read" })
    : toolCallText("lookup", { query: task });
};

/** Remembers what it tokenized, and calls `onPage` at each piece of the page with the number of those so far. */
function recording(onPage: (piece: number) => void = () => {}) {
  const vocabulary = createSimulatedVocabulary();
  const calls: string[] = [];
  const pieces = () => calls.filter((text) => /^line \d|\nline \d+ of/.test(text));
  const recorded: Vocabulary = {
    ...vocabulary,
    tokenize(text, parseSpecial) {
      calls.push(text);
      if (pieces().at(-1) === text) onPage(pieces().length);
      return vocabulary.tokenize(text, parseSpecial);
    },
  };
  return { vocabulary: recorded, calls, pieces };
}

function poolOf(orchestrate: Orchestrator, budget: Partial<ContextBudget> = {}) {
  return agentPool({
    orchestrate,
    tools: [new Fetch()],
    terminal: new Report(),
    policy: new DefaultAgentPolicy({ maxTurnTokens: 120, budget: { context: budget } }),
  });
}

const prefilled = (events: readonly AgentEvent[]) =>
  events.flatMap((event) => (event.type === "agent:tool_result" ? [event.prefilled] : []));

const turnsOfTheLoop = (count: number) =>
  until(
    (async () => {
      for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
    })(),
  );

describe("a tool result of 200 KB", () => {
  it("is given in part, cut at a line and marked, where the context is small", async () => {
    const { value, events, left } = await runSimulated({ ...size, reply }, () =>
      poolOf(parallel([{ content: "task page" }])),
    );
    expect(value.agents[0]?.outcome).toBe("returned");
    const [text] = prefilled(events) as [string];
    const [, shown, kept, of] = /^([\s\S]*)\n\[cut: (\d+) of (\d+) characters shown\]$/.exec(text) ?? [];
    expect([Number(kept), Number(of)]).toEqual([shown?.length, page.length]);
    expect(page.startsWith(`${shown}\n`)).toBe(true);
    expect(shown?.length).toBeGreaterThan(size.nCtx / 3);
    expect(left).toEqual({ cells: 0, branches: 0 });
  });

  it("is given whole where there is room, and no character of it is tokenized twice", async () => {
    const { vocabulary, pieces } = recording();
    const { value, events } = await runSimulated({ ...size, nCtx: 262_144, nBatch: 4096, reply, vocabulary }, () =>
      poolOf(parallel([{ content: "task page" }])),
    );
    expect(value.agents[0]?.outcome).toBe("returned");
    expect(prefilled(events)).toEqual([page]);
    expect(pieces().join("")).toBe(page);
  });

  it.each([size.nCtx, 262_144])("is never tokenized in one go, in a context of %i cells", async (nCtx) => {
    const { vocabulary, calls } = recording();
    await runSimulated({ ...size, nCtx, nBatch: 4096, reply, vocabulary }, () =>
      poolOf(parallel(["page", "tides", "page"].map((name) => ({ content: `task ${name}` })))),
    );
    expect(Math.max(...calls.map((text) => text.length))).toBeLessThanOrEqual(pieceCharsMax);
  });

  it("lets others write while it is measured", async () => {
    let ticks: number[] = [];
    const { vocabulary } = recording(() => ticks.push(now()));
    let now = () => 0;
    const { value } = await runSimulated({ ...size, nCtx: 65_536, reply, vocabulary }, ({ store }) => {
      now = () => store.stats.ticks;
      ticks = [];
      return poolOf(parallel([{ content: "task page" }, { content: "task tides" }]));
    });
    expect(value.agents.map(({ outcome }) => outcome)).toEqual(["returned", "returned"]);
    expect(new Set(ticks).size).toBeGreaterThan(2);
  });

  it("is refused with a note, where the policy says so", async () => {
    const { value, events } = await runSimulated({ ...size, reply }, () =>
      poolOf(parallel([{ content: "task page" }]), { oversized: "refuse" }),
    );
    expect(value.agents[0]?.outcome).toBe("returned");
    expect(prefilled(events)[0]).toMatch(new RegExp(`^\\[refused: the result has ${page.length} characters`));
  });

  it.each(["page", "strip"])("ends its agent, where the policy says so, which still reports: %s", async (name) => {
    const { value, events } = await runSimulated({ ...size, reply }, () =>
      poolOf(parallel([{ content: `task ${name}` }]), { oversized: "terminate", softLimit: 256 }),
    );
    expect(value.agents[0]?.outcome).toBe("recovered");
    expect(prefilled(events)).toEqual([]);
  });
});

describe("a halt while a result is measured", () => {
  const nCtx = 65_536;
  const piecesOf = (text: string) => Math.floor(text.length / pieceCharsMax);

  it("leaves nothing behind, at whatever piece it comes", async () => {
    for (let at = 1; at <= Math.min(12, piecesOf(page)); at++) {
      const reached = withResolvers<void>();
      const { vocabulary, pieces } = recording((piece) => {
        if (piece === at) reached.resolve();
      });
      const { value, events, left } = await runSimulated({ ...size, nCtx, reply, vocabulary }, function* () {
        const task = yield* spawn(() => poolOf(parallel([{ content: "task page" }, { content: "task tides" }])));
        yield* reached.operation;
        yield* task.halt();
        const measured = pieces().length;
        yield* turnsOfTheLoop(5);
        return pieces().length - measured;
      });
      expect([at, value, left]).toEqual([at, 0, { cells: 0, branches: 0 }]);
      const done = events.filter((event) => event.type === "agent:done");
      expect(done.map(({ outcome }) => outcome)).toContain("cancelled");
      expect(done).toHaveLength(2);
    }
  });

  it("of its agent alone lets the others go on", async () => {
    const reached = withResolvers<void>();
    const { vocabulary, pieces } = recording((piece) => {
      if (piece === 3) reached.resolve();
    });
    const { value, left } = await runSimulated({ ...size, nCtx, reply, vocabulary }, () =>
      poolOf(function* (pool) {
        const reader = yield* spawn(() => pool.run({ content: "task page" }));
        yield* reached.operation;
        yield* reader.halt();
        yield* pool.run({ content: "task tides" });
      }),
    );
    expect(value.agents.map(({ outcome }) => outcome)).toEqual(["cancelled", "returned"]);
    expect(pieces().length).toBeLessThan(5);
    expect(left).toEqual({ cells: 0, branches: 0 });
  });
});
