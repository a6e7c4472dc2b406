import { call, run, sleep, spawn } from "effection";
import { expect, it } from "vitest";
import { acquire } from "./acquire.ts";

it("waits for a pending start when it is halted, tells it to stop, and releases what it still gave", async () => {
  const seen: string[] = [];
  await run(function* () {
    const task = yield* spawn(function* () {
      yield* acquire(
        async (signal) => {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          seen.push("stopped");
          return "thing";
        },
        (value) => {
          seen.push(`released ${value}`);
        },
      );
    });
    yield* sleep(1);
    yield* task.halt();
    seen.push("halted");
  });
  expect(seen).toEqual(["stopped", "released thing", "halted"]);
});

it("holds until the scope ends, and lets a failure be caught", async () => {
  const seen: string[] = [];
  await run(function* () {
    yield* call(function* () {
      seen.push(
        yield* acquire(
          async () => "held",
          () => void seen.push("released"),
        ),
      );
    });
    try {
      yield* acquire(
        () => Promise.reject(new Error("no")),
        () => {},
      );
    } catch (error) {
      seen.push((error as Error).message);
    }
  });
  expect(seen).toEqual(["held", "no", "released"]);
});
