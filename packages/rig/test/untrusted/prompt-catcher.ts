import { DecodeFailedError, type PrefillEntry, type Token } from "@lloyal-labs/sdk";
import { SimulatedEngine } from "@lloyal-labs/sdk/testing";
import { type Operation, scoped } from "effection";

/** Keeps the prompts that reach the engine, and decodes none: what they are made of is known before. */
export class PromptCatcher extends SimulatedEngine {
  /** The last one. */
  prompt: readonly Token[] = [];
  #prefillsLeft = 0;

  failAfter(prefills: number): void {
    this.#prefillsLeft = prefills;
  }

  override async prefill(entries: readonly PrefillEntry[]): Promise<void> {
    this.prompt = entries.at(-1)?.tokens ?? [];
    if (this.#prefillsLeft-- === 0) throw new DecodeFailedError({ status: 0, rows: 0, doing: "prefill" });
  }
}

/** The prompt that `body` brings to the engine after `prefills` others. */
export function* promptOf(
  engine: PromptCatcher,
  prefills: number,
  body: Operation<unknown>,
): Operation<readonly Token[]> {
  engine.failAfter(prefills);
  try {
    yield* scoped(() => body);
  } catch (error) {
    if (error instanceof DecodeFailedError) return engine.prompt;
    throw error;
  }
  throw new Error("there was no such prompt");
}
