/**
 * Tests against a database that speaks MongoDB's protocol: `npx jest -c apps/nodeapp1/jest.integration.config.js`.
 * It is FerretDB, built once from its Go module.
 */
module.exports = {
  ...require("../../jest.base"),
  displayName: "nodeapp1-integration",
  roots: ["<rootDir>/test/integration"],
  maxWorkers: 2,
  testTimeout: 60_000,
  globalSetup: "<rootDir>/test/integration/setup.js",
};
