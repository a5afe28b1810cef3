/** `npm test`: the unit tests of the program and of every package in the repository. */
const { existsSync, readdirSync } = require("node:fs");

const packages = [...readdirSync(`${__dirname}/apps`).map((app) => `apps/${app}`), "offline"];

module.exports = {
  // Against tests that hang; five seconds, Jest's own, are too few for a process to start on a machine that is busy.
  testTimeout: 30_000,
  projects: ["test/unit", ...packages]
    .filter((dir) => existsSync(`${__dirname}/${dir}/jest.config.js`))
    .map((dir) => `<rootDir>/${dir}`),
};
