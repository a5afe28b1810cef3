/**
 * The end-to-end tests. Their files share one cluster, so they run one after another in the order of
 * their names, the destructive ones last.
 */
const { testMatch: _, ...base } = require("../../jest.base");

module.exports = {
  ...base,
  displayName: "e2e",
  testMatch: ["**/*.e2e.ts"],
  testTimeout: 15 * 60 * 1000,
  maxWorkers: 1,
  testSequencer: "./support/by-name.js",
  globalSetup: "./support/setup.ts",
  globalTeardown: "./support/teardown.ts",
  reporters: ["./support/progress.js"],
};
