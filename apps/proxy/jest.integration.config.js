/** Tests against the built image on a Docker engine: `npx jest -c apps/proxy/jest.integration.config.js`. */
module.exports = {
  ...require("../../jest.base"),
  displayName: "proxy-integration",
  roots: ["<rootDir>/test/integration"],
  maxWorkers: 1,
  testTimeout: 60_000,
  globalSetup: "<rootDir>/test/integration/setup.js",
  globalTeardown: "<rootDir>/test/integration/teardown.js",
};
