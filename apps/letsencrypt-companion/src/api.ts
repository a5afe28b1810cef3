import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Registry } from "prom-client";
import { type Log, reason } from "./log";
import type { Distributor } from "./proxies/distributor";
import type { Status } from "./status";

const BASE = "/v1/letsencrypt-companion";

export interface ApiOptions {
  readonly status: () => Status;
  readonly metrics: Pick<Registry, "metrics" | "contentType">;
  readonly distributor: Pick<Distributor, "resend">;
  readonly log: Log;
}

interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

/** The companion's API, not listening yet. No answer holds a key: those go to proxies by PUT only. */
export function createApi(options: ApiOptions): Server {
  const routes: Readonly<Record<string, (request: IncomingMessage) => Promise<Reply> | Reply>> = {
    [`${BASE}/ping`]: () => json(200, { Status: "OK" }),
    [`${BASE}/status`]: () => json(200, options.status()),
    [`${BASE}/metrics`]: async () => ({
      ...{ status: 200, type: options.metrics.contentType },
      body: await options.metrics.metrics(),
    }),
    [`${BASE}/resend`]: (request) => resend(request, options),
  };
  return createServer((request, response) => {
    request.resume();
    const path = request.url?.split("?", 1)[0] ?? "";
    const route = routes[path];
    if (route === undefined) return answer(response, nok(404, "Not Found"));
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return answer(response, nok(405, "Method Not Allowed"));
    }
    Promise.resolve(request)
      .then(route)
      .then(
        (reply) => answer(response, reply),
        (error: unknown) => {
          options.log.error("cannot answer", { path, reason: reason(error) });
          answer(response, nok(500, reason(error)));
        },
      );
  });
}

/** A proxy that started asks for what it should have. It gets it by PUT, and only where DNS knows it as a proxy. */
async function resend(request: IncomingMessage, { distributor, log }: ApiOptions): Promise<Reply> {
  const address = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const sent = await distributor.resend(address);
  if (sent !== undefined) return json(200, { sent });
  log.warn("somebody who is no proxy asks for certificates", { address });
  return nok(403, `${address} is not one of the proxies`);
}

const nok = (status: number, Message: string): Reply => json(status, { Status: "NOK", Message });

function json(status: number, value: unknown): Reply {
  return { status, type: "application/json", body: JSON.stringify(value) };
}

function answer(response: ServerResponse, { status, type = "text/plain", body }: Reply): void {
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
  });
  response.end(body);
}
