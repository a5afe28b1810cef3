import { get } from "node:http";

import { controlSocket } from "./control/socket";

/*
 * Docker's liveness check: the control plane answers, and HAProxy answers something on its port. Whether the edge should
 * send connections here is another question, asked by the edge on /healthz.
 */

const TIMEOUT_MS = 4000;

function statusOf(target: { socketPath: string; path: string } | { port: number; path: string }) {
  return new Promise<number>((resolve, reject) => {
    const request = get({ ...target, timeout: TIMEOUT_MS, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", reject);
  });
}

async function main(): Promise<void> {
  const socketPath = controlSocket(process.env["RUN_DIR"] || "/run/proxy");
  const ping = await statusOf({ socketPath, path: "/v1/docker-flow-proxy/ping" });
  if (ping !== 200) throw new Error(`the control API answered ${ping}`);
  await statusOf({ port: Number(process.env["HTTP_PORT"] || 80), path: "/healthz" });
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
