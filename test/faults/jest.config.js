/** Faults injected into a cluster under load. */
module.exports = require("../jest.cluster")("faults", 15);
