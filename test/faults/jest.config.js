/** Faults injected into a cluster under load. The files share it, so they run one after another. */
const { testMatch: _, ...base } = require("../../jest.base");

module.exports = {
  ...base,
  displayName: "faults",
  testMatch: ["**/*.faults.ts"],
  testTimeout: 5 * 60 * 1000,
  maxWorkers: 1,
  testSequencer: "../e2e/support/by-name.js",
  globalSetup: "./support/setup.ts",
  globalTeardown: "./support/teardown.ts",
  reporters: ["../e2e/support/progress.js"],
};
