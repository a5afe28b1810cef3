module.exports = { ...require("../../jest.base"), displayName: "log-shipper" };
