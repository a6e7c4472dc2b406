import { describe, expect, it } from "vitest";
import type { AgentView } from "./agent-policy.ts";
import { DefaultAgentPolicy } from "./default-policy.ts";

const view = (part: Partial<AgentView> = {}): AgentView => ({
  agentId: "a1",
  turn: 0,
  calls: [],
  stale: 0,
  tools: ["search", "grep", "report"],
  terminal: "report",
  ...part,
});
const past = { name: "search", args: { query: "Cells  of KV" }, text: "…" };

describe("the default policy", () => {
  const policy = new DefaultAgentPolicy({ maxTurns: 3 });

  it("makes the first turn look something up", () => {
    expect(policy.planTurn(view())?.tools).toEqual(["search", "grep"]);
  });

  it("opens with the tools that it was told to open with", () => {
    expect(new DefaultAgentPolicy({ openWith: ["search"] }).planTurn(view())?.tools).toEqual(["search"]);
  });

  it("leaves every tool open in between", () => {
    expect(policy.planTurn(view({ turn: 1, calls: [past] }))?.tools).toEqual(["search", "grep", "report"]);
  });

  it("allows only the terminal tool in the last turn, and nothing after it", () => {
    expect(policy.planTurn(view({ turn: 2, calls: [past] }))?.tools).toEqual(["report"]);
    expect(policy.planTurn(view({ turn: 3, calls: [past] }))).toBeUndefined();
  });

  it("sends an agent that finds nothing new to its end", () => {
    expect(new DefaultAgentPolicy({ maxTurns: 9 }).planTurn(view({ turn: 3, calls: [past], stale: 2 }))?.tools).toEqual(
      ["report"],
    );
  });

  it("refuses an identical call, whatever its spacing and case, and no other", () => {
    const judge = (query: string) => policy.judgeCall(view({ calls: [past] }), { name: "search", args: { query } }).run;
    expect(judge("cells of kv")).toBe(false);
    expect(judge("cells of the cache")).toBe(true);
  });

  it("scales its limits down for a small context", () => {
    expect(policy.budget(32_768)).toEqual({ softLimit: 1024, hardLimit: 128, oversized: "window" });
    expect(policy.budget(1024)).toMatchObject({ softLimit: 256, hardLimit: 32 });
  });
});
