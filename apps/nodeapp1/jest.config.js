module.exports = { ...require("../../jest.base"), displayName: "nodeapp1" };
