import { describe, expect, it } from "vitest";
import type { AgentEvent } from "../../events/agent-event.ts";
import { EventChecker } from "./check-events.ts";
import { Recorder } from "./recorder.ts";

const limits = { onePool: true, rowsMax: 8, hardLimit: 10, turnTokens: 4, recoveryTokens: 4 };

const spawn = (agentId = "a1"): AgentEvent => ({
  type: "agent:spawn",
  agentId,
  parentAgentId: undefined,
  task: "t",
  promptTokens: 1,
});
const token = (tokenCount: number, agentId = "a1"): AgentEvent => ({
  type: "agent:produce",
  agentId,
  text: "x",
  tokenCount,
});
const tick = (generating: number, cellsFree = 100): AgentEvent => ({
  type: "pool:tick",
  tick: 1,
  generating,
  awaiting: 0,
  cellsFree,
});
const call = (callId = "c1"): AgentEvent => ({
  type: "agent:tool_call",
  agentId: "a1",
  callId,
  tool: "look",
  args: {},
});
const result = (callId = "c1"): AgentEvent => ({
  type: "agent:tool_result",
  agentId: "a1",
  callId,
  tool: "look",
  result: 1,
  prefilled: "1",
});
const returned: AgentEvent = { type: "agent:return", agentId: "a1", result: 1 };
const done = (outcome: "returned" | "cut", reason?: string): AgentEvent => ({
  type: "agent:done",
  agentId: "a1",
  outcome,
  reason,
});

function violations(events: readonly AgentEvent[]): string[] {
  const recorder = new Recorder();
  const checker = new EventChecker(recorder, limits);
  for (const event of events) checker.see(event);
  return recorder.violations.map((violation) => violation.replace(/ at step \d+/, ""));
}

describe("the automaton of events", () => {
  it("accepts a whole life: tokens, a call with its result, a return", () => {
    const life = [spawn(), token(1), tick(1), call(), result(), token(2), tick(1), returned, done("returned")];
    expect(violations(life)).toEqual([]);
  });

  it("accepts a pause for want of cells", () => {
    const other = [spawn("a2"), token(1), token(1, "a2"), tick(2, 5), token(2, "a2"), tick(1, 5)];
    expect(violations([spawn(), ...other, token(2), tick(1, 5), returned, done("returned")])).toEqual([]);
  });

  it.each<[string, AgentEvent[], string]>([
    ["anything after the end", [spawn(), done("cut", "r"), token(1)], "B7: a1: agent:produce after agent:done"],
    ["a token before the spawn", [token(1)], "B7: a1: agent:produce before agent:spawn"],
    ["two tokens in one tick", [spawn(), token(1), token(2), tick(1)], "B2: a1: two tokens in one tick"],
    ["a row without a token", [spawn(), token(1), tick(2)], "B2: 2 rows in a tick, but 1 tokens"],
    ["a result within a commit", [spawn(), token(1), result()], "B3: agent:tool_result within a commit"],
    ["two results of one call", [spawn(), call(), result(), result()], "B7: a1: c1 has two results"],
    ["a result that nobody asked for", [spawn(), result("c9")], "B7: a1: c9 was not called"],
    ["an end without its result", [spawn(), done("returned")], "B7: a1: returned, but its result was undefined"],
    ["a cut without a reason", [spawn(), done("cut")], "E4: a1: cut without a reason"],
    [
      "a turn that is too long",
      [spawn(), ...[1, 2, 3, 4, 5].flatMap((n) => [token(n), tick(1)]), call()],
      "B2: a1: a turn of 5 tokens",
    ],
    [
      "an agent that is left out of a tick",
      [spawn(), spawn("a2"), token(1), token(1, "a2"), tick(2), token(2, "a2"), tick(1), token(2), tick(1), returned],
      "B2: a1: agent:return after a token that came late",
    ],
    [
      "a token while a result is missing, from an agent that then goes on",
      [spawn(), call(), token(1), tick(1), call("c2")],
      "B2: a1: agent:tool_call after a token that came late",
    ],
  ])("refuses %s", (_what, events, complaint) => {
    expect(violations(events)).toContain(complaint);
  });
});
