export { acquire } from "./acquire.ts";
export type { AgentTask } from "./agent/agent.ts";
export type { PastCall } from "./agent/past-call.ts";
export { type AgentOptions, useAgent } from "./agent/use-agent.ts";
export { CallingAgent, Ctx, Events, Store } from "./contexts.ts";
export type { AgentEvent, Outcome } from "./events/agent-event.ts";
export { createEventBus, type EventBus } from "./events/event-bus.ts";
export { type TraceRecord, traceRun } from "./events/trace.ts";
export { type Generated, type GenerateOptions, generate } from "./generate/generate.ts";
export { type Prompted, type Response, respond } from "./generate/respond.ts";
export { type AgentRuntime, initAgents } from "./init-agents.ts";
export { parallel } from "./orchestrate/parallel.ts";
export type {
  AgentPolicy,
  AgentView,
  ContextBudget,
  OversizedResult,
  RecoveryPlan,
  TurnPlan,
} from "./policy/agent-policy.ts";
export { DefaultAgentPolicy, type DefaultAgentPolicyOptions } from "./policy/default-policy.ts";
export { agentPool } from "./pool/agent-pool.ts";
export type { AgentResult, Orchestration, Orchestrator, PoolOptions, PoolResult } from "./pool/pool-types.ts";
export { useAgentPool } from "./pool/use-agent-pool.ts";
export { Source, type SourceContext } from "./source/source.ts";
export { buildPrompt, type PromptDelta, type PromptRequest } from "./spine/prompt-state.ts";
export { type SpineOptions, withSpine } from "./spine/with-spine.ts";
export { type AnyTool, Tool, type ToolContext, type TurnContext } from "./tools/tool.ts";
export { createToolkit, type Toolkit } from "./tools/toolkit.ts";
