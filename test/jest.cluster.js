/**
 * What the tests on a cluster have in common: the files of a folder share theirs, so they run one after another in the
 * order of their names.
 */
const { testMatch: _, ...base } = require("../jest.base");

/** @param {string} name the folder's, and what its files end in: `*.<name>.ts`
 *  @param {number} minutes that a test may take */
module.exports = (name, minutes) => ({
  ...base,
  displayName: name,
  testMatch: [`**/*.${name}.ts`],
  testTimeout: minutes * 60 * 1000,
  maxWorkers: 1,
  testSequencer: require.resolve("./e2e/support/by-name.js"),
  globalSetup: "./support/setup.ts",
  globalTeardown: "./support/teardown.ts",
  reporters: [require.resolve("./e2e/support/progress.js")],
});
