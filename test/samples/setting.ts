import { initAgents } from "@lloyal-labs/lloyal-agents";
import { Branch, type BranchStore, type SessionContext } from "@lloyal-labs/sdk";
import { createSimulatedContext, type SimulatedEngineOptions, scriptedReplies } from "@lloyal-labs/sdk/testing";
import { type Operation, until } from "effection";

/** What a sample runs in: the runtime on a simulated backend, and a branch on which the model may answer. */
export interface Setting {
  readonly ctx: SessionContext;
  readonly store: BranchStore;
  readonly branch: Branch;
  /** A child of `branch`, pruned with the setting. */
  fork(): Branch;
  /** Throws unless every agent returned, and the sample has given back every cell and every branch of its own. */
  close(): Operation<void>;
}

export function* openSetting(): Operation<Setting> {
  const ctx = simulatedContext({ nCtx: 8192 });
  const { store, events } = yield* initAgents(ctx);
  const lost: string[] = [];
  events.listen((event) => {
    if (event.type !== "agent:done" || event.outcome === "returned") return;
    lost.push(`${event.agentId} ended as ${event.outcome}: ${event.reason}`);
  });
  const branch = Branch.create(ctx, 0);
  yield* until(branch.prefill(promptTokens(ctx)));
  const forks: Branch[] = [];
  return {
    ctx,
    store,
    branch,
    fork() {
      const fork = branch.forkSync();
      forks.push(fork);
      return fork;
    },
    *close() {
      if (lost.length > 0) throw new Error(lost.join("; "));
      // RESTRICT: a child that the sample forgot is refused here.
      for (const own of [...forks, branch]) own.pruneSync();
      yield* until(assertEmpty(ctx, store.liveBranches));
    },
  };
}

/** A simulated model that looks up what it can, reports where it can, and else answers in a sentence. */
export function simulatedContext(options: SimulatedEngineOptions): SessionContext {
  return createSimulatedContext({ ...options, script: scriptedReplies(reply) });
}

export async function assertEmpty({ engine }: SessionContext, branches = 0): Promise<void> {
  const cells = await engine.countCells();
  if (cells > 0 || branches > 0) throw new Error(`the sample left ${cells} cells and ${branches} branches`);
}

/** A question, and the opening of the model's turn. */
export function promptTokens({ language }: SessionContext): number[] {
  return language.tokenize([...language.user("What is a branch?"), ...language.generationPrompt]);
}

function reply(conversation: string): string {
  const offers = (tool: string) => new RegExp(`"name":\\s*"${tool}"`).test(conversation);
  const lastTurn = conversation.slice(conversation.lastIndexOf("<|im_start|>user"));
  if (offers("search") && !lastTurn.includes("<tool_response>")) return toolCall("search", `{"query": "cells"}`);
  return offers("report") ? toolCall("report", `{"findings": "known"}`) : "One line of generation.";
}

function toolCall(name: string, args: string): string {
  return `<tool_call>\n{"name": "${name}", "arguments": ${args}}\n</tool_call>`;
}
