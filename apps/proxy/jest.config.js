const base = require("../../jest.base");

module.exports = {
  ...base,
  displayName: "proxy",
  testPathIgnorePatterns: [...base.testPathIgnorePatterns, "/test/integration/"],
};
