/**
 * A stack whose machines are servers reached by ssh: seven containers that are nothing but that. The files share the
 * stack, so they run one after another in the order of their names.
 */
const { testMatch: _, ...base } = require("../../jest.base");

module.exports = {
  ...base,
  displayName: "ssh",
  testMatch: ["**/*.ssh.ts"],
  testTimeout: 20 * 60 * 1000,
  maxWorkers: 1,
  testSequencer: "../e2e/support/by-name.js",
  globalSetup: "./support/setup.ts",
  globalTeardown: "./support/teardown.ts",
  reporters: ["../e2e/support/progress.js"],
};
