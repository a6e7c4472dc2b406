import { Listeners } from "@lloyal-labs/sdk";
import { createSignal, type Stream } from "effection";
import type { AgentEvent } from "./agent-event.ts";

/**
 * Agent events as they happen: a stream for operations (`each(events)`), and plain listeners for what must not
 * miss the last event of a scope that is ending. A listener that throws cannot harm an agent: it is called no more, and
 * the process is warned (`LISTENER_FAILED`).
 */
export interface EventBus extends Stream<AgentEvent, void> {
  send(event: AgentEvent): void;
  /** Calls `listener` synchronously on every event. Returns the function that stops it. */
  listen(listener: (event: AgentEvent) => void): () => void;
}

export function createEventBus(): EventBus {
  const signal = createSignal<AgentEvent, void>();
  const listeners = new Listeners<AgentEvent>("agent events");
  return {
    [Symbol.iterator]: () => signal[Symbol.iterator](),
    send(event) {
      listeners.tell(event);
      signal.send(event);
    },
    listen: (listener) => listeners.add(listener),
  };
}
