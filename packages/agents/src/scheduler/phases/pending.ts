import type { Agent } from "../../agent/agent.ts";
import type { MeasuredText } from "../measure-text.ts";

/** A tool result that waits to be prefilled into its agent's branch. */
export interface PendingResult {
  agent: Agent;
  callId: string;
  tool: string;
  result: unknown;
  /** What the agent would read. */
  measured: MeasuredText;
}
