import { Branch, InvalidArgumentError, type JsonSchema, jsonSchemaToGbnf, type SamplingParams } from "@lloyal-labs/sdk";
import { ensure, type Operation, scoped, until } from "effection";
import { Ctx, Store } from "../contexts.ts";
import { buildPrompt } from "../spine/prompt-state.ts";

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
    const store = yield* Store.expect();
    if (options.grammar && options.schema) throw new InvalidArgumentError("give a grammar or a schema, not both.");
    const grammar = options.schema ? jsonSchemaToGbnf(options.schema) : options.grammar;
    const parent = options.parent ?? undefined;
    const branch = parent ? parent.forkSync() : Branch.create(ctx, 0);
    yield* ensure(() => branch.pruneSubtreeSync());
    if (options.params) branch.setSamplerParams(options.params);
    const { tokens } = buildPrompt(ctx.language, parent, {
      systemPrompt: options.systemPrompt,
      content: options.prompt,
    });
    yield* until(store.prefill([[branch, tokens]]));
    branch.setGrammar(grammar);

    let text = "";
    let tokenCount = 0;
    let next = branch.produceSync();
    while (!next.isStop && tokenCount < (options.maxTokens ?? 512)) {
      text += next.text;
      tokenCount += 1;
      options.onText?.(next.text);
      const [produced] = yield* until(store.step([[branch, next.token]]));
      if (!produced) throw new Error("assertion: a step gives one token per row");
      next = produced;
    }
    const result: Generated<T> = { text, output: text, tokenCount, complete: next.isStop };
    if (options.schema && next.isStop) result.parsed = JSON.parse(text) as T;
    return result;
  });
}
