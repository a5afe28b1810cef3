import { createServer, type Server, type ServerResponse } from "node:http";
import type { SwarmListener } from "./listener";
import { reason, type Log } from "./log";

const BASE = "/v1/docker-flow-swarm-listener";

/** The part of the listener that the API needs. */
export type ApiListener = Pick<
  SwarmListener,
  "notifyServices" | "servicesParameters" | "nodesParameters"
>;

/** The HTTP API of Docker Flow Swarm Listener, not listening yet. */
export function createApi(listener: ApiListener, log: Log): Server {
  const ok = { Status: "OK" };
  const routes: Readonly<Record<string, () => unknown>> = {
    [`${BASE}/ping`]: () => ok,
    [`${BASE}/get-services`]: () => listener.servicesParameters(),
    [`${BASE}/get-nodes`]: () => listener.nodesParameters(),
    [`${BASE}/notify-services`]: () => {
      listener.notifyServices();
      return ok;
    },
  };

  return createServer((req, res) => {
    const path = req.url?.split("?", 1)[0] ?? "";
    const route = routes[path];
    if (route === undefined) return answer(res, 404, { Status: "NOK", Message: "Not Found" });
    if (req.method !== "GET" && req.method !== "HEAD") {
      res.setHeader("Allow", "GET, HEAD");
      return answer(res, 405, { Status: "NOK", Message: "Method Not Allowed" });
    }
    Promise.resolve()
      .then(route)
      .then(
        (value) => answer(res, 200, value),
        (error: unknown) => {
          log.error("cannot answer", { path, reason: reason(error) });
          answer(res, 500, { Status: "NOK", Message: "The engine cannot be read" });
        },
      );
  });
}

function answer(res: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  res.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "Cache-Control": "no-store",
  });
  res.end(body);
}
