module.exports = { ...require("../../jest.base"), displayName: "infra" };
