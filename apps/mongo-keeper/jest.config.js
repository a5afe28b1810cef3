const base = require("../../jest.base");

module.exports = {
  ...base,
  displayName: "mongo-keeper",
  testPathIgnorePatterns: [...base.testPathIgnorePatterns, "/test/integration/", "/test/upstream/"],
};
