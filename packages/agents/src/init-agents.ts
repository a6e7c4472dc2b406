import { BranchStore, Session, type SessionContext } from "@lloyal-labs/sdk";
import { ensure, type Operation, until } from "effection";
import { Ctx, Events, Store } from "./contexts.ts";
import { createEventBus, type EventBus } from "./events/event-bus.ts";

export interface AgentRuntime {
  ctx: SessionContext;
  store: BranchStore;
  session: Session;
  events: EventBus;
}

/**
 * Sets `Ctx`, `Store` and `Events` in the caller's scope, where agents, pools and `generate` find them. The
 * session and the context are disposed when that scope ends.
 */
export function* initAgents(ctx: SessionContext): Operation<AgentRuntime> {
  yield* ensure(() => until(ctx.dispose()));
  const session = new Session(ctx);
  yield* ensure(() => session.disposeSync());
  const runtime = { ctx, store: new BranchStore(ctx), session, events: createEventBus() };
  yield* Ctx.set(ctx);
  yield* Store.set(runtime.store);
  yield* Events.set(runtime.events);
  return runtime;
}
