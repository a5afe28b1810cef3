import { get } from "node:http";
import { loadConfig } from "./config";

/** For Docker's HEALTHCHECK: exits with 0 if the listener in this container answers. */
const TIMEOUT_MS = 3_000;
const path = "/v1/docker-flow-swarm-listener/ping";

const { port } = loadConfig(process.env);
const request = get({ host: "127.0.0.1", port, path, timeout: TIMEOUT_MS }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
  if (process.exitCode !== 0) console.error(`${path} answered ${response.statusCode}`);
});
request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
request.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
