/** A stack whose machines are servers reached by ssh: seven containers that are nothing but that. */
module.exports = require("../jest.cluster")("ssh", 20);
