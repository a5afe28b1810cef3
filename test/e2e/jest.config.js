/** The end-to-end tests; the destructive ones are last. */
module.exports = require("../jest.cluster")("e2e", 15);
