import { createServer, type Server, type ServerResponse } from "node:http";
import type { SwarmListener } from "./listener";
import { reason, type Log } from "./log";
import type { Metrics } from "./metrics";

const BASE = "/v1/docker-flow-swarm-listener";

/** The part of the listener that the API needs. */
export type ApiListener = Pick<
  SwarmListener,
  "notifyServices" | "servicesParameters" | "nodesParameters"
>;

interface Answer {
  readonly type: string;
  readonly body: string;
}

interface Route {
  readonly get: () => Answer | Promise<Answer>;
  /** What a failure counts as in the metrics. */
  readonly operation: string;
}

const json = (value: unknown): Answer => ({
  type: "application/json",
  body: JSON.stringify(value),
});

/** The HTTP API of Docker Flow Swarm Listener, not listening yet. */
export function createApi(listener: ApiListener, metrics: Metrics, log: Log): Server {
  const ok = json({ Status: "OK" });
  const routes: Readonly<Record<string, Route>> = {
    [`${BASE}/ping`]: { get: () => ok, operation: "servePing" },
    [`${BASE}/get-services`]: {
      get: async () => json(await listener.servicesParameters()),
      operation: "serveGetServices",
    },
    [`${BASE}/get-nodes`]: {
      get: async () => json(await listener.nodesParameters()),
      operation: "serveGetNodes",
    },
    [`${BASE}/notify-services`]: {
      get: () => {
        listener.notifyServices();
        return ok;
      },
      operation: "serveNotifyServices",
    },
    "/metrics": {
      get: async () => ({ type: metrics.contentType, body: await metrics.text() }),
      operation: "serveMetrics",
    },
  };

  return createServer((req, res) => {
    const path = req.url?.split("?", 1)[0] ?? "";
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined) return refuse(res, 404, "Not Found");
    if (req.method !== "GET" && req.method !== "HEAD") {
      res.setHeader("Allow", "GET, HEAD");
      return refuse(res, 405, "Method Not Allowed");
    }
    Promise.resolve()
      .then(route.get)
      .then(
        (answer) => send(res, 200, answer),
        (error: unknown) => {
          log.error("cannot answer", { path, reason: reason(error) });
          metrics.failed(route.operation);
          refuse(res, 500, "The engine cannot be read");
        },
      );
  });
}

function refuse(res: ServerResponse, status: number, message: string): void {
  send(res, status, json({ Status: "NOK", Message: message }));
}

function send(res: ServerResponse, status: number, { type, body }: Answer): void {
  res.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
  });
  res.end(body);
}
