import { get } from "node:http";

import { controlSocket } from "./control/socket";

/*
 * Asks the control API of this container, which no port of the machine leads to: `docker exec TASK node dist/ask.js status`.
 * Prints the answer; ends with 1 unless that is a 200.
 */

const TIMEOUT_MS = 5000;

const path = `/v1/docker-flow-proxy/${process.argv[2] ?? "status"}`;
const socketPath = controlSocket(process.env["RUN_DIR"] || "/run/proxy");
const fail = (reason: string) => {
  process.stderr.write(`${path}: ${reason}\n`);
  process.exitCode = 1;
};
const request = get({ socketPath, path, timeout: TIMEOUT_MS, agent: false }, (response) => {
  if (response.statusCode !== 200) fail(`answered ${response.statusCode}`);
  response.pipe(process.stdout);
});
request.on("timeout", () => request.destroy(new Error("no answer in time")));
request.on("error", (error) => fail(error.message));
