import { action, type Operation } from "effection";

/** Lets the event loop see to everything else before the caller goes on. */
export function letEventsIn(): Operation<void> {
  return action((resolve) => {
    const turn = setImmediate(resolve);
    return () => clearImmediate(turn);
  });
}
