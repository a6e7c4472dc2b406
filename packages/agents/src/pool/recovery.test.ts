import { Branch, type BranchStore, isInferenceError } from "@lloyal-labs/sdk";
import { ensure, type Operation, scoped, until } from "effection";
import { describe, expect, it } from "vitest";
import type { AgentEvent } from "../events/agent-event.ts";
import { generate } from "../generate/generate.ts";
import { parallel } from "../orchestrate/parallel.ts";
import { DefaultAgentPolicy, type DefaultAgentPolicyOptions } from "../policy/default-policy.ts";
import { runSimulated, toolCallText } from "../testing/run-simulated.ts";
import { Lookup, Report } from "../testing/test-tools.ts";
import { agentPool } from "./agent-pool.ts";
import type { PoolOptions, PoolResult } from "./pool-types.ts";
import { useAgentPool } from "./use-agent-pool.ts";

const size = { nCtx: 8192, nSeqMax: 8, nBatch: 512, nUbatch: 32 };

/** Looks something up, then never ends its turn; asked to stop, it reports `findings`. */
const rambling = (findings: string) => (conversation: string) => {
  if (conversation.includes("Stop here")) return toolCallText("report", { findings });
  if (conversation.includes("The entry on")) return toolCallText("lookup", { query: "x".repeat(400) });
  return toolCallText("lookup", { query: "tides" });
};

const poolOf = (tasks: number, policy: DefaultAgentPolicyOptions = {}, part: Partial<PoolOptions> = {}) => ({
  orchestrate: parallel(Array.from({ length: tasks }, (_, i) => ({ content: `task ${i}` }))),
  tools: [new Lookup()],
  terminal: new Report(),
  policy: new DefaultAgentPolicy({ maxTurnTokens: 120, ...policy }),
  ...part,
});

const typesOf = (events: readonly AgentEvent[], id: string) =>
  events.flatMap((event) => ("agentId" in event && event.agentId === id ? [event.type] : []));

describe("the recovery of a cut agent", () => {
  it("brings what it had found, and says why it was cut", async () => {
    const { value, events, left } = await runSimulated({ ...size, reply: rambling("high at noon") }, () =>
      agentPool(poolOf(1)),
    );
    expect(value.agents[0]).toMatchObject({
      outcome: "recovered",
      findings: "high at noon",
      reason: "a turn of more than 120 tokens",
    });
    expect(typesOf(events, "a1").slice(-2)).toEqual(["agent:recovered", "agent:done"]);
    expect(left).toEqual({ cells: 0, branches: 0 });
  });

  it("runs beside the agents that go on, in the same ticks", async () => {
    const reply = (conversation: string) =>
      conversation.includes("task 0")
        ? rambling("late")(conversation)
        : toolCallText("lookup", { query: `tides ${conversation.split("The entry on").length}` });
    const { value, trace } = await runSimulated({ ...size, reply }, () => agentPool(poolOf(2, { maxTurns: 12 })));
    expect(value.agents[0]?.outcome).toBe("recovered");
    const records = trace.map((line) => JSON.parse(line));
    const recovered = records.findIndex(({ event }) => event?.type === "agent:recovered");
    const before = records.slice(0, recovered).filter(({ t }) => t === "commit");
    expect(before.at(-2).entries).toHaveLength(2);
  });

  it("leaves a branch that the caller keeps as the agent left it", async () => {
    const { value, trace } = await runSimulated({ ...size, reply: rambling("high at noon") }, ({ store }) =>
      scoped(function* () {
        const pool = yield* useAgentPool(poolOf(1));
        const branch = pool.agents[0]?.branch as Branch;
        const cells = store.pressure().used;
        return { pool, cells, position: branch.position, branches: store.liveBranches };
      }),
    );
    expect(value.pool.agents[0]?.outcome).toBe("recovered");
    const commits = trace.map((line) => JSON.parse(line)).filter(({ t }) => t === "commit");
    expect(commits.at(-1).entries[0].branch).not.toBe(commits[0].entries[0].branch);
    expect(value.branches).toBe(1);
    expect(value.cells).toBe(value.position);
  });

  it("is not tried for an agent that has read nothing", async () => {
    const reply = () => toolCallText("lookup", { query: "x".repeat(400) });
    const { value, events } = await runSimulated({ ...size, reply }, () => agentPool(poolOf(1)));
    expect(value.agents[0]?.outcome).toBe("cut");
    expect(typesOf(events, "a1")).not.toContain("agent:recovered");
  });

  it("counts as failed when it brings nothing", async () => {
    const { value } = await runSimulated({ ...size, reply: rambling("  ") }, () => agentPool(poolOf(1)));
    expect(value.agents[0]?.outcome).toBe("failed");
    expect(value.agents[0]?.reason).toContain("found nothing");
  });

  it("ends as cut when the report is longer than the cells that are held for it", async () => {
    const reply = rambling("y".repeat(400));
    const { value } = await runSimulated({ ...size, reply }, () => agentPool(poolOf(1)));
    expect(value.agents[0]?.outcome).toBe("cut");
    expect(value.agents[0]?.reason).toContain("did not come to an end");
  });

  it("saves an agent whose tool result is refused", async () => {
    class Flood extends Lookup {
      override *execute(): Operation<unknown> {
        return "The entry on tides is long. ".repeat(40);
      }
    }
    // Whatever the tools say, each result is cut to what fits; the third leaves no useful part.
    const reply = (conversation: string) =>
      conversation.includes("Stop here")
        ? toolCallText("report", { findings: "long" })
        : toolCallText("lookup", { query: `tides ${conversation.length}` });
    const { value, left } = await runSimulated({ ...size, nCtx: 2048, reply }, () =>
      agentPool(poolOf(1, { maxTurns: 20 }, { tools: [new Flood()] })),
    );
    expect(value.agents[0]).toMatchObject({ outcome: "recovered", findings: "long" });
    expect(value.agents[0]?.reason).toMatch(/result/);
    expect(left).toEqual({ cells: 0, branches: 0 });
  });
});

describe("a tool result that does not fit", () => {
  class Flood extends Lookup {
    override *execute(): Operation<unknown> {
      return "The entry on tides is long. ".repeat(80);
    }
  }
  const reply = (conversation: string) =>
    /Stop here|refused|cut:/.test(conversation)
      ? toolCallText("report", { findings: "enough" })
      : toolCallText("lookup", { query: "tides" });
  const prefilledWith = async (oversized: "window" | "refuse" | "terminate") => {
    const { value, events } = await runSimulated({ ...size, nCtx: 2048, reply }, () =>
      agentPool(poolOf(1, { budget: { context: { oversized } } }, { tools: [new Flood()] })),
    );
    const results = events.flatMap((event) => (event.type === "agent:tool_result" ? [event.prefilled] : []));
    return { outcome: value.agents[0]?.outcome, text: results.join() };
  };

  it("is given in part, marked as a part", async () => {
    const { outcome, text } = await prefilledWith("window");
    expect(outcome).toBe("returned");
    expect(text).toMatch(/^The entry on tides is long[\s\S]*\[cut: \d+ of 2240 characters shown\]$/);
  });

  it("is refused with a note, where the policy says so", async () => {
    const { outcome, text } = await prefilledWith("refuse");
    expect(outcome).toBe("returned");
    expect(text).toMatch(/^\[refused: the result has 2240 characters/);
  });

  it("ends its agent, where the policy says so, which still reports", async () => {
    expect(await prefilledWith("terminate")).toEqual({ outcome: "recovered", text: "" });
  });
});

describe("the lease of a pool", () => {
  it("is held in the store while agents live, so that a tool cannot take what a recovery needs", async () => {
    let code: string | undefined;
    let reserved = 0;
    const { store } = await runSimulated({ ...size, nCtx: 1024, reply: rambling("found") }, ({ store }) => {
      class Greedy extends Lookup {
        override *execute(args: { query: string }): Operation<unknown> {
          reserved = store.pressure().reserved;
          try {
            yield* generate({ prompt: "z".repeat(store.pressure().free), maxTokens: 1 });
          } catch (error) {
            code = isInferenceError(error) ? error.code : String(error);
          }
          return yield* super.execute(args);
        }
      }
      return agentPool(poolOf(1, { maxTurnTokens: 60 }, { tools: [new Greedy()] }));
    });
    expect(reserved).toBeGreaterThan(64);
    expect(code).toBe("KV_EXHAUSTED");
    expect(store.pressure().reserved).toBe(0);
  });

  it("loses nobody's findings when somebody else takes every cell that is free", async () => {
    const { value, left } = await runSimulated({ ...size, reply: rambling("found") }, ({ ctx, store, events }) =>
      scoped(function* () {
        const hog = Branch.create(ctx, 0);
        yield* ensure(() => hog.pruneSync());
        let read = 0;
        let taking = Promise.resolve();
        events.listen((event) => {
          if (event.type === "agent:tool_result") read += 1;
          else if (event.type === "pool:tick" && read === 3 && hog.position === 0) {
            read = 0;
            taking = hog.prefill(new Array(store.pressure().free).fill(65));
          }
        });
        const policy = { maxTurnTokens: 300, budget: { context: { softLimit: 0, hardLimit: 0 } } };
        const pool = yield* agentPool(poolOf(3, policy));
        yield* until(taking);
        return pool;
      }),
    );
    expect(value.agents.map(({ outcome }) => outcome)).toEqual(["recovered", "recovered", "recovered"]);
    expect(value.agents[2]?.reason).toBe("no cell is left for its next token");
    expect(left).toEqual({ cells: 0, branches: 0 });
  });

  it("is given back when the pool fails, and the agents end as failed with the reason", async () => {
    let kept: BranchStore | undefined;
    const events: AgentEvent[] = [];
    const run = runSimulated(
      { ...size, reply: rambling("found"), fault: ({ index }) => (index === 5 ? "compute" : undefined) },
      (runtime): Operation<PoolResult> => {
        kept = runtime.store;
        runtime.events.listen((event) => events.push(event));
        return agentPool(poolOf(2));
      },
    );
    await expect(run).rejects.toMatchObject({ code: "DECODE_FAILED" });
    expect(kept?.pressure()).toMatchObject({ used: 0, reserved: 0 });
    const done = events.flatMap((event) => (event.type === "agent:done" ? [event.outcome] : []));
    expect(done).toEqual(["failed", "failed"]);
  });
});
