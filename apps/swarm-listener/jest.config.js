module.exports = { ...require("../../jest.base"), displayName: "swarm-listener" };
