import { expect, it } from "vitest";
import { Recorder } from "./recorder.ts";

it("hashes what happened, in its order", () => {
  const hashOf = (...steps: string[]) => {
    const recorder = new Recorder();
    for (const step of steps) recorder.step(step);
    return recorder.hash();
  };
  expect(hashOf("open", "close")).toBe(hashOf("open", "close"));
  expect(hashOf("open", "close")).not.toBe(hashOf("close", "open"));
});

it("takes results that have no JSON", () => {
  const ring: { next?: object } = {};
  ring.next = ring;
  const recorder = new Recorder();
  recorder.step("given", { count: 10n });
  recorder.step("given", ring);
  expect(recorder.lines).toEqual(["given { count: 10n }", "given <ref *1> { next: [Circular *1] }"]);
});

it("holds it against a scenario when something happens after its end, but lets batches land", () => {
  const recorder = new Recorder();
  recorder.ended = true;
  for (const step of ["jump", "landed", "run done"]) recorder.step(step);
  expect(recorder.violations).toEqual([]);
  recorder.step("fork", 1);
  expect(recorder.violations).toEqual(["C1 at step 4: fork after the end"]);
});

it("stops a run that does not come to an end", () => {
  const recorder = new Recorder();
  expect(() => {
    for (;;) recorder.step("again");
  }).toThrow("more than");
  expect(recorder.violations[0]).toMatch(/^liveness/);
});
