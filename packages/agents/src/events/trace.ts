import type { BatchRecord, BranchStore } from "@lloyal-labs/sdk";
import type { AgentEvent } from "./agent-event.ts";
import type { EventBus } from "./event-bus.ts";

/** One line of a trace: what happened, never when. Two runs with one seed give the same lines. */
export type TraceRecord =
  | { t: "prefill"; entries: { branch: number; position: number; tokens: number }[] }
  | { t: "commit"; entries: { branch: number; position: number; token: number }[]; rejected?: number }
  | { t: "event"; event: AgentEvent };

/**
 * Writes every batch and every agent event as one JSON line each. Produced tokens are left out of the events,
 * because the commits name them already. Returns the function that stops the trace.
 */
export function traceRun(store: BranchStore, events: EventBus, write: (line: string) => void): () => void {
  const record = (entry: TraceRecord) => write(`${JSON.stringify(entry)}\n`);
  const stops = [
    store.observe((batch: BatchRecord) => {
      if (batch.type === "prefill") record({ t: "prefill", entries: batch.entries });
      // Rows of wrong guesses are part of what was decoded together.
      else record({ t: "commit", entries: batch.entries, ...(batch.rejected && { rejected: batch.rejected }) });
    }),
    events.listen((event) => {
      if (event.type !== "agent:produce") record({ t: "event", event });
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
