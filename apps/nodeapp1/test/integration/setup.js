const { execFileSync } = require("node:child_process");
const { existsSync, mkdirSync } = require("node:fs");
const { homedir } = require("node:os");
const { dirname, join } = require("node:path");

/** As in build-ferretdb. */
const VERSION = "v1.24.2";

/** Builds the database unless that has been done; FERRETDB names an executable that is there already. */
module.exports = () => {
  if (process.env.FERRETDB) return;
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const executable = join(cache, "swarm-system", `ferretdb-${VERSION}`, "ferretdb");
  if (!existsSync(executable)) {
    mkdirSync(dirname(executable), { recursive: true });
    console.error(`==> Building FerretDB ${VERSION} (some minutes, once)`);
    execFileSync(join(__dirname, "build-ferretdb"), [executable], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  process.env.FERRETDB = executable;
};
