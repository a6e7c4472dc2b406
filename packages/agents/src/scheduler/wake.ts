import { type Operation, withResolvers } from "effection";

/** A bell for one sleeper. Rings coalesce and none is lost: a ring before the sleep ends it at once. */
export interface Wake {
  ring(): void;
  sleep(): Operation<void>;
}

export function createWake(): Wake {
  let bell = withResolvers<void>();
  let rung = false;
  return {
    ring() {
      if (rung) return;
      rung = true;
      bell.resolve();
    },
    *sleep() {
      yield* bell.operation;
      bell = withResolvers<void>();
      rung = false;
    },
  };
}
