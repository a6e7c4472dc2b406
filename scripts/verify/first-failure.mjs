// A reporter of vitest that ends the run at the first test that fails. `--bail` waits for the tests that run beside it, and
// a planted bug may have made one of those wait for ever.

export default class FirstFailure {
  /** @param {import("vitest/node").TestCase} test */
  onTestCaseResult(test) {
    if (test.result().state !== "failed") return;
    console.log(`failed: ${test.fullName}`);
    process.exit(1);
  }
}
