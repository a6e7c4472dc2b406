import { Branch, type ToolSchema } from "@lloyal-labs/sdk";
import { ensure, type Operation, scoped, until } from "effection";
import { Ctx, Store } from "../contexts.ts";
import type { AnyTool } from "../tools/tool.ts";
import { buildPrompt } from "./prompt-state.ts";

export interface SpineOptions {
  systemPrompt: string;
  /** Their schemas are prefilled once; pass the same tools to `agentPool`. */
  tools?: readonly AnyTool[];
  /** What the spine itself forks from. Without it the spine starts cold. */
  parent?: Branch;
}

/**
 * A shared prefix for the length of `body`: system prompt and tool schemas, prefilled once. Every branch that
 * forks from it inherits them without a token. Pruned with all of its descendants when `body` ends, however.
 */
export function withSpine<T>(options: SpineOptions, body: (spine: Branch) => Operation<T>): Operation<T> {
  return scoped(function* () {
    const ctx = yield* Ctx.expect();
    const store = yield* Store.expect();
    let spine: Branch | undefined;
    // Before the fork: between a fork and its `ensure` a halt could get in.
    yield* ensure(() => spine?.pruneSubtreeSync());
    spine = options.parent ? options.parent.forkSync() : Branch.create(ctx, 0);
    const tools: readonly ToolSchema[] = (options.tools ?? []).map((tool) => tool.schema);
    const prompt = buildPrompt(ctx.language, options.parent, { systemPrompt: options.systemPrompt, tools });
    yield* until(store.prefill([[spine, prompt.tokens]]));
    prompt.remember(spine);
    return yield* body(spine);
  });
}
