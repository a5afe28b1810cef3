/** Logging as a whole, in containers of this engine: `npx jest -c apps/log-keeper/jest.integration.config.js`. */
module.exports = {
  ...require("../../jest.base"),
  displayName: "logging-integration",
  roots: ["<rootDir>/test/integration"],
  maxWorkers: 1,
  testTimeout: 120_000,
};
