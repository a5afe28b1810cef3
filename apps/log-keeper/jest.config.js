const base = require("../../jest.base");

module.exports = {
  ...base,
  displayName: "log-keeper",
  testPathIgnorePatterns: [...base.testPathIgnorePatterns, "/test/integration/"],
};
