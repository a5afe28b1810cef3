const base = require("../../jest.base");

module.exports = {
  ...base,
  displayName: "nodeapp1",
  testPathIgnorePatterns: [...base.testPathIgnorePatterns, "/test/integration/"],
};
