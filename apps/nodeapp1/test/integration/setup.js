const { execFileSync } = require("node:child_process");
const { join } = require("node:path");

/** Builds the database unless that has been done; FERRETDB names an executable that is there already. */
module.exports = () => {
  process.env.FERRETDB ??= execFileSync(join(__dirname, "../../../../scripts/ferretdb"), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
};
