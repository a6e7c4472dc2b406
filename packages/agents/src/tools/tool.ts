import type { Branch, JsonSchema, ToolSchema } from "@lloyal-labs/sdk";
import type { Operation } from "effection";

/** What a call may use. A capability of that call: using it after the call has ended throws. */
export interface ToolContext {
  readonly agentId: string;
  readonly callId: string;
  /** The calling agent's live branch, to fork from. */
  readonly branch: Branch;
  /** Reports progress as `agent:tool_progress`. */
  onProgress(progress: { filled: number; total: number }): void;
}

/** What is known of an agent when its next turn is planned. */
export interface TurnContext {
  readonly agentId: string;
  readonly turn: number;
}

/** Something an agent can do, with an OpenAI-compatible function schema. */
export abstract class Tool<Args extends object = Record<string, unknown>> {
  abstract readonly name: string;
  abstract readonly description: string;
  abstract readonly parameters: JsonSchema;

  /** True: runs beside other agents' decoding. A wrong flag can be slow, never unsafe. */
  readonly concurrent: boolean = false;

  /**
   * A narrower schema for this agent's next call, such as an enum of what it has seen. The grammar enforces it
   * and the arguments are checked against it. Undefined: `parameters` as they stand.
   */
  parametersFor(_context: TurnContext): JsonSchema | undefined {
    return undefined;
  }

  /** False: the tool is not offered in this turn. */
  availableFor(_context: TurnContext): boolean {
    return true;
  }

  /** `args` satisfy the schema. Not called for a pool's terminal tool: its arguments are the result. A string result is prefilled as it is, anything else as JSON. */
  abstract execute(args: Args, context?: ToolContext): Operation<unknown>;

  get schema(): ToolSchema {
    return { name: this.name, description: this.description, parameters: this.parameters };
  }
}

// A tool of any arguments; the arguments are checked against its schema before `execute` sees them.
// biome-ignore lint/suspicious/noExplicitAny: the argument type is contravariant, and checked at run time
export type AnyTool = Tool<any>;
