const { execFileSync } = require("node:child_process");

/** Takes the name off the image that setup built; its layers stay as the cache of the next build. */
module.exports = () => {
  if (process.env.PROXY_IMAGE !== "proxy-integration-test:latest") return;
  execFileSync("docker", ["rmi", "--no-prune", process.env.PROXY_IMAGE], { stdio: "ignore" });
};
