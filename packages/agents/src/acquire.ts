import { ensure, type Operation, resource, until } from "effection";

/**
 * Awaits a promise that acquires something, and releases it when the caller's scope ends. A halt while the promise is
 * pending aborts the signal that `start` was given and waits until the promise has settled, so that nothing which it
 * made - a temporary file, a child process, a model - is left behind.
 */
export function acquire<T>(
  start: (signal: AbortSignal) => Promise<T>,
  release: (value: T) => void | Promise<void>,
): Operation<T> {
  return resource(function* (provide) {
    const abort = new AbortController();
    let held: { value: T } | undefined;
    const pending = start(abort.signal).then((value) => {
      held = { value };
      return value;
    });
    yield* ensure(function* () {
      abort.abort();
      yield* until(
        pending.then(
          () => {},
          () => {},
        ),
      );
      if (held) yield* until(Promise.resolve(release(held.value)));
    });
    yield* provide(yield* until(pending));
  });
}
