/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/**
 * A step that is no test suite (types, lint, layers) counts as one.
 *
 * @param {number} exitCode
 * @returns {Counts}
 */
export function stepCounts(exitCode) {
  return exitCode === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/**
 * @param {VitestReport | undefined} report - what vitest's JSON reporter wrote; undefined where it did not get that far
 * @param {number} exitCode
 * @returns {Counts}
 *
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number }} VitestReport
 */
export function vitestCounts(report, exitCode) {
  const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0 } = report ?? {};
  const counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  return blame(counts, exitCode);
}

/**
 * @param {readonly GtestReport[]} reports - what each test program wrote for `GTEST_OUTPUT=json:`
 * @param {number} exitCode
 * @returns {Counts}
 *
 * @typedef {{ testsuites?: { testsuite?: { result?: string, failures?: unknown[] }[] }[] }} GtestReport
 */
export function gtestCounts(reports, exitCode) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const tests = reports.flatMap(({ testsuites = [] }) => testsuites.flatMap(({ testsuite = [] }) => testsuite));
  for (const { result, failures = [] } of tests) {
    if (failures.length > 0) counts.failed++;
    else if (result === "COMPLETED") counts.passed++;
    else if (result === "SKIPPED") counts.skipped++;
    // Else it was only listed, or left out by a filter: another report has it.
  }
  return blame(counts, exitCode);
}

/**
 * A suite that crashed, or that ran nothing at all, must not look green.
 *
 * @param {Counts} counts
 * @param {number} exitCode
 */
function blame(counts, exitCode) {
  const ranNothing = counts.passed + counts.failed + counts.skipped === 0;
  const failed = counts.failed || (exitCode !== 0 || ranNothing ? 1 : 0);
  return { ...counts, failed };
}

/**
 * @param {readonly Counts[]} all
 * @returns {Counts}
 */
export function sumCounts(all) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of all) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}

/** @param {Counts} counts */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
