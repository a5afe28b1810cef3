/** Tests against the built image and this computer's engine: `npx jest -c apps/socket-proxy/jest.integration.config.js`. */
module.exports = {
  ...require("../../jest.base"),
  displayName: "socket-proxy-integration",
  roots: ["<rootDir>/test/integration"],
  testTimeout: 90_000,
};
