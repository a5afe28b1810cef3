/**
 * A set of three of the genuine image, where it can be had:
 * `MONGO_IMAGE=mongo:8 npx jest -c apps/mongo-keeper/jest.upstream.config.js`.
 */
module.exports = {
  ...require("../../jest.base"),
  displayName: "mongo-keeper-upstream",
  roots: ["<rootDir>/test/upstream"],
  maxWorkers: 1,
  testTimeout: 300_000,
};
