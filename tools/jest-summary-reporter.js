/**
 * Counts the tests of a jest run. Where SDN_TEST_COUNTS names a file, a line `PASSED FAILED` is added to it, for
 * `tools/test` to add up; else the run ends with the line `N passed, N failed`. A file that breaks before its tests
 * (it does not compile) counts as one failed test; a run without any test fails.
 */
const { appendFileSync } = require("node:fs");

class SummaryReporter {
  passed = 0;
  failed = 0;

  onRunComplete(_contexts, results) {
    this.passed = results.numPassedTests;
    this.failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const counts = process.env.SDN_TEST_COUNTS;
    if (counts) appendFileSync(counts, `${this.passed} ${this.failed}\n`);
    // Printed after the other reporters and jest's own warnings.
    else process.once("exit", () => process.stdout.write(`${this.passed} passed, ${this.failed} failed\n`));
  }

  getLastError() {
    return this.passed + this.failed === 0 ? new Error("no test ran") : undefined;
  }
}

module.exports = SummaryReporter;
