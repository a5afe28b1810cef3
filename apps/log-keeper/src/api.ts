import { createServer, type Server, type ServerResponse } from "node:http";
import type { Keeper } from "./keeper";

/** How long a round may take before the keeper is taken for stuck: two servers that are too slow, at each of the keeper's questions. */
const STUCK_AFTER_MS = 300_000;

/**
 * `GET /status` says how logging is; `GET /health/live` whether the keeper works, which has nothing to do
 * with how logging is.
 */
export function createApi(keeper: Pick<Keeper, "status" | "roundEnded">): Server {
  return createServer((request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return answer(response, 405, { message: "only GET" });
    }
    if (path === "/status") return answer(response, 200, keeper.status());
    if (path === "/health/live") {
      const silentMs = Date.now() - keeper.roundEnded;
      const { state, reason } = keeper.status();
      return silentMs < STUCK_AFTER_MS
        ? answer(response, 200, { state, reason })
        : answer(response, 503, { message: `no round ended for ${silentMs} ms` });
    }
    return answer(response, 404, { message: "not found" });
  });
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "Cache-Control": "no-store",
  });
  response.end(body);
}
