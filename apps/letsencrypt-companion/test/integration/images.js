/** The images under test: by variable, the name that setup builds and the folder that it is built from. */
const { join } = require("node:path");

const apps = join(__dirname, "../../..");

module.exports = {
  COMPANION_IMAGE: ["companion-integration-test:latest", join(apps, "letsencrypt-companion")],
  PROXY_IMAGE: ["companion-integration-test-proxy:latest", join(apps, "proxy")],
};
