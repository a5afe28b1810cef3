/** A line when a case begins and when it ends, as a case may take minutes; failures as they happen. */
const seconds = (from) => `${((Date.now() - from) / 1000).toFixed(1)} s`;
const say = (line) => process.stderr.write(`${line}\n`);

/** Without the frames of the test runner. */
const brief = (message) =>
  message
    .split("\n")
    .filter((line) => !/^\s+at .*(node_modules|node:internal)/.test(line))
    .join("\n    ");

module.exports = class Progress {
  constructor() {
    this.begun = Date.now();
  }

  onTestCaseStart(test, { ancestorTitles, title }) {
    this.caseBegun = Date.now();
    say(`  … ${[...ancestorTitles, title].join(" › ")}`);
  }

  onTestCaseResult(test, { title, status, failureMessages }) {
    const sign = { passed: "✓", failed: "✗" }[status] ?? "○";
    say(`  ${sign} ${title} (${seconds(this.caseBegun ?? Date.now())})`);
    for (const message of failureMessages) say(`    ${brief(message)}`);
  }

  onTestFileResult(test, { testExecError, failureMessage }) {
    if (testExecError) say(`  ✗ ${test.path}\n    ${brief(failureMessage ?? "")}`);
  }

  onRunComplete(contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    say(`\nThe tests took ${seconds(this.begun)}`);
    say(`${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
  }

  getLastError() {}
};
