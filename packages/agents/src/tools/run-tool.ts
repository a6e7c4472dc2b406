import { type Branch, checkArguments } from "@lloyal-labs/sdk";
import { type Operation, scoped } from "effection";
import { CallingAgent } from "../contexts.ts";
import type { AnyTool, ToolContext } from "./tool.ts";

export interface ToolRun {
  agentId: string;
  callId: string;
  branch: Branch;
  args: Readonly<Record<string, unknown>>;
  turn: number;
  onProgress(progress: { filled: number; total: number }): void;
}

/** What a call came to. `text` is what the agent reads. */
export interface ToolOutcome {
  result: unknown;
  text: string;
  failed: boolean;
}

/**
 * Runs one call in a scope of its own. Whatever the tool does - throw, reject, give something that is no JSON -
 * costs only its own agent a readable error. A halt passes through.
 */
export function* runTool(tool: AnyTool, run: ToolRun): Operation<ToolOutcome> {
  try {
    const schema = tool.parametersFor({ agentId: run.agentId, turn: run.turn }) ?? tool.parameters;
    const checked = checkArguments(schema, run.args);
    if (!checked.ok) return failure(`The arguments of ${tool.name} are wrong: ${checked.problems.join("; ")}.`);
    return yield* scoped(function* () {
      yield* CallingAgent.set(run.agentId);
      const { context, revoke } = capability(run);
      try {
        const result = yield* tool.execute(run.args as never, context);
        return { result, text: textOf(result), failed: false };
      } finally {
        revoke();
      }
    });
  } catch (error) {
    return failure(`${tool.name} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function capability(run: ToolRun): { context: ToolContext; revoke: () => void } {
  let live = true;
  return {
    revoke: () => {
      live = false;
    },
    context: {
      agentId: run.agentId,
      callId: run.callId,
      get branch() {
        if (!live) throw new Error(`the call ${run.callId} has ended; its branch is no longer its to use.`);
        return run.branch;
      },
      onProgress(progress) {
        if (live) run.onProgress(progress);
      },
    },
  };
}

function failure(text: string): ToolOutcome {
  return { result: { error: text }, text, failed: true };
}

function textOf(result: unknown): string {
  if (typeof result === "string") return result;
  return JSON.stringify(result, (_key, value) => (typeof value === "bigint" ? String(value) : value)) ?? "null";
}
