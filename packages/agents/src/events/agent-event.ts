/** How an agent ended. `agent:done` carries it, exactly once per spawned agent. */
export type Outcome = "returned" | "recovered" | "cut" | "failed" | "cancelled" | "dropped";

/** What the runtime reports, for interfaces, logs and traces. A stable contract: fields are added, not changed. */
export type AgentEvent =
  | { type: "agent:spawn"; agentId: string; parentAgentId: string | undefined; task: string; promptTokens: number }
  | { type: "agent:produce"; agentId: string; text: string; tokenCount: number }
  | { type: "agent:tool_call"; agentId: string; callId: string; tool: string; args: Readonly<Record<string, unknown>> }
  | {
      type: "agent:tool_result";
      agentId: string;
      callId: string;
      tool: string;
      /** What the tool gave, whole. */
      result: unknown;
      /** The text that was prefilled into the agent's branch: all of it, or the part that fitted. */
      prefilled: string;
    }
  | { type: "agent:tool_progress"; agentId: string; tool: string; filled: number; total: number }
  | { type: "agent:return"; agentId: string; result: unknown }
  /** A cut agent's findings, given in one last turn. */
  | { type: "agent:recovered"; agentId: string; result: unknown }
  | { type: "agent:done"; agentId: string; outcome: Outcome; reason?: string }
  | { type: "pool:tick"; tick: number; generating: number; awaiting: number; cellsFree: number };
