import { type Operation, resource } from "effection";
import { parallel } from "../orchestrate/parallel.ts";
import type { AgentResult, PoolOptions } from "../pool/pool-types.ts";
import { runPool } from "../pool/use-agent-pool.ts";
import type { AgentTask } from "./agent.ts";

export type AgentOptions = AgentTask & Omit<PoolOptions, "orchestrate">;

/** One agent, run to its end. Its branch lives until the caller's scope ends. */
export function useAgent({ content, systemPrompt, ...options }: AgentOptions): Operation<AgentResult> {
  return resource(function* (provide) {
    const pool = yield* runPool({ ...options, orchestrate: parallel([{ content, systemPrompt }]) }, false);
    yield* provide(pool.agents[0] as AgentResult);
  });
}
