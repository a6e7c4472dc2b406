import { type Operation, resource, until } from "effection";

/**
 * Awaits a promise that acquires something, and releases it when the caller's scope ends - also when the promise
 * resolves after a halt. `start` gets a signal that aborts at that moment.
 */
export function acquire<T>(
  start: (signal: AbortSignal) => Promise<T>,
  release: (value: T) => void | Promise<void>,
): Operation<T> {
  return resource(function* (provide) {
    const abort = new AbortController();
    let held: { value: T } | undefined;
    let gone = false;
    const pending = start(abort.signal).then((value) => {
      if (gone) void release(value);
      else held = { value };
      return value;
    });
    try {
      yield* provide(yield* until(pending));
    } finally {
      gone = true;
      abort.abort();
      if (held) void release(held.value);
    }
  });
}
