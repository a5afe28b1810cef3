/** Tests of the built image against a real CA: `npx jest -c apps/letsencrypt-companion/jest.integration.config.js`. */
module.exports = {
  ...require("../../jest.base"),
  displayName: "letsencrypt-companion-integration",
  roots: ["<rootDir>/test/integration"],
  maxWorkers: 1,
  testTimeout: 240_000,
  globalSetup: "<rootDir>/test/integration/setup.js",
  globalTeardown: "<rootDir>/test/integration/teardown.js",
};
