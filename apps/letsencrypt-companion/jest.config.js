const base = require("../../jest.base");

module.exports = {
  ...base,
  displayName: "letsencrypt-companion",
  testPathIgnorePatterns: [...base.testPathIgnorePatterns, "/test/integration/"],
};
