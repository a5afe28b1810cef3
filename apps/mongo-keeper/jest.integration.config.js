/** Tests against the image `mongo` of this engine: `npx jest -c apps/mongo-keeper/jest.integration.config.js`. */
module.exports = {
  ...require("../../jest.base"),
  displayName: "mongo-keeper-integration",
  roots: ["<rootDir>/test/integration"],
  maxWorkers: 1,
  testTimeout: 180_000,
};
