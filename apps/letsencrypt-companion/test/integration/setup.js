const { execFileSync } = require("node:child_process");
const images = require("./images");

/** Builds the images once for all files; a variable names one that is there already. */
module.exports = () => {
  for (const [variable, [name, context]] of Object.entries(images)) {
    if (process.env[variable]) continue;
    process.env[variable] = name;
    execFileSync("docker", ["build", "-q", "-t", name, context], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
};
