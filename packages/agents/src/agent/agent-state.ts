import type { Outcome } from "../events/agent-event.ts";

export type AgentState =
  | { kind: "generating" }
  | { kind: "awaiting-tool"; callIds: readonly string[] }
  /** Cut; it gives its findings in one last turn, as soon as the cells for that are free. */
  | { kind: "recovering" }
  | { kind: "done"; outcome: Outcome };

export type StateChange =
  | { type: "call"; callIds: readonly string[] }
  | { type: "settle" }
  | { type: "recover" }
  | { type: "end"; outcome: Outcome };

/** Every change of an agent's state is here. A change that is not allowed is a bug of ours and throws. */
export function transition(state: AgentState, change: StateChange): AgentState {
  if (state.kind === "generating" && change.type === "call") return { kind: "awaiting-tool", callIds: change.callIds };
  if (state.kind === "awaiting-tool" && change.type === "settle") return { kind: "generating" };
  const running = state.kind === "generating" || state.kind === "awaiting-tool";
  if (running && change.type === "recover") return { kind: "recovering" };
  if (state.kind !== "done" && change.type === "end") return { kind: "done", outcome: change.outcome };
  throw new Error(`assertion: an agent that is ${state.kind} cannot ${change.type}`);
}
