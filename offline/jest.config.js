module.exports = { ...require("../jest.base"), displayName: "offline" };
