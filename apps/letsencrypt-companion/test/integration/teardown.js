const { execFileSync } = require("node:child_process");
const images = require("./images");

/** Takes the names off the images that setup built; their layers stay as the cache of the next build. */
module.exports = () => {
  for (const [variable, [name]] of Object.entries(images)) {
    if (process.env[variable] !== name) continue;
    execFileSync("docker", ["rmi", "--no-prune", name], { stdio: "ignore" });
  }
};
