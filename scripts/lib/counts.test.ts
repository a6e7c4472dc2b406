import { describe, expect, it } from "vitest";
import { gtestCounts, stepCounts, sumCounts, summaryLine, vitestCounts } from "./counts.mjs";

const vitest = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1 };

it("a step that is no suite counts as one", () => {
  expect(stepCounts(0)).toEqual({ passed: 1, failed: 0, skipped: 0 });
  expect(stepCounts(2)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

describe("vitest", () => {
  it("is counted by its report", () => {
    expect(vitestCounts(vitest, 0)).toEqual({ passed: 5, failed: 0, skipped: 2 });
    expect(vitestCounts({ ...vitest, numFailedTests: 3 }, 1)).toEqual({ passed: 5, failed: 3, skipped: 2 });
  });

  it("has failed when it ends badly without a failed test, such as a file that cannot be imported", () => {
    expect(vitestCounts(vitest, 1).failed).toBe(1);
  });

  it("has failed when it left no report, or ran nothing", () => {
    expect(vitestCounts(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(vitestCounts(undefined, 0).failed).toBe(1);
  });
});

describe("gtest", () => {
  const report = (...testsuite: object[]) => ({ testsuites: [{ testsuite }] });

  it("is counted test by test over all programs", () => {
    const reports = [
      report({ result: "COMPLETED" }, { result: "COMPLETED", failures: [{}] }, { result: "SUPPRESSED" }),
      report({ result: "SKIPPED" }, { result: "COMPLETED" }),
    ];
    expect(gtestCounts(reports, 1)).toEqual({ passed: 2, failed: 1, skipped: 1 });
  });

  it("does not count what a program only listed", () => {
    expect(gtestCounts([report({ name: "a" }), report({ result: "COMPLETED" })], 0).passed).toBe(1);
  });

  it("has failed when a program crashed or nothing ran", () => {
    expect(gtestCounts([report({ result: "COMPLETED" })], 8).failed).toBe(1);
    expect(gtestCounts([], 0).failed).toBe(1);
  });
});

it("the last line is the sum", () => {
  const sum = sumCounts([stepCounts(0), stepCounts(1), vitestCounts(vitest, 0)]);
  expect(summaryLine(sum)).toBe("6 passed, 1 failed, 2 skipped");
});
