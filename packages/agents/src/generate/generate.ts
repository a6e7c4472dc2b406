import { Branch, InvalidArgumentError, type JsonSchema, jsonSchemaToGbnf, type SamplingParams } from "@lloyal-labs/sdk";
import { ensure, type Operation, scoped } from "effection";
import { Ctx } from "../contexts.ts";
import { buildPrompt } from "../spine/prompt-state.ts";
import { respond } from "./respond.ts";

export interface GenerateOptions {
  /** A user turn. */
  prompt: string;
  systemPrompt?: string;
  /** What to fork from; null or absent starts cold. */
  parent?: Branch | null;
  /** GBNF for the whole answer. */
  grammar?: string;
  /** JSON Schema for the whole answer; the parsed value is in `parsed`. */
  schema?: JsonSchema;
  params?: SamplingParams;
  /** Default 512. */
  maxTokens?: number;
  onText?: (text: string) => void;
}

export interface Generated<T = unknown> {
  text: string;
  /** The same string. */
  output: string;
  tokenCount: number;
  /** False when `maxTokens` cut the answer. */
  complete: boolean;
  /** With `schema`: the value, if the answer is complete. */
  parsed?: T;
}

/** One answer on a branch of its own, which is pruned afterwards: zero net cells. */
export function generate<T = unknown>(options: GenerateOptions): Operation<Generated<T>> {
  return scoped(function* () {
    const ctx = yield* Ctx.expect();
    if (options.grammar && options.schema) throw new InvalidArgumentError("give a grammar or a schema, not both.");
    const grammar = options.schema ? jsonSchemaToGbnf(options.schema) : options.grammar;
    const parent = options.parent ?? undefined;
    let branch: Branch | undefined;
    // Before the fork: between a fork and its `ensure` a halt could get in.
    yield* ensure(() => branch?.pruneSubtreeSync());
    branch = parent ? parent.forkSync() : Branch.create(ctx, 0);
    if (options.params) branch.setSamplerParams(options.params);
    const { systemPrompt, prompt: content, onText, maxTokens: tokensMax = 512 } = options;
    const { tokens } = buildPrompt(ctx.language, parent, { systemPrompt, content });
    const [response] = yield* respond([{ branch, tokens, grammar, tokensMax, onText }]);
    if (!response) throw new Error("assertion: one prompt gives one response");
    const { text, tokenCount, complete } = response;
    const result: Generated<T> = { text, output: text, tokenCount, complete };
    if (options.schema && complete) result.parsed = JSON.parse(text) as T;
    return result;
  });
}
