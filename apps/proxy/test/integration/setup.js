const { execFileSync } = require("node:child_process");
const { join } = require("node:path");

/** Builds the image once for all files; PROXY_IMAGE names one that is there already. */
module.exports = () => {
  if (process.env.PROXY_IMAGE) return;
  process.env.PROXY_IMAGE = "proxy-integration-test:latest";
  const context = join(__dirname, "..", "..");
  execFileSync("docker", ["build", "-q", "-t", process.env.PROXY_IMAGE, context], {
    stdio: ["ignore", "ignore", "inherit"],
  });
};
