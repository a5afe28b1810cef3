import { request as httpRequest, type Agent, type IncomingHttpHeaders } from "node:http";
import { Writable } from "node:stream";
import type { RequestHandler } from "express";
import { transports } from "winston";
import { createApp } from "../src/app";
import { loadConfig } from "../src/app/config";
import { createControllers } from "../src/controllers";
import type { EntryStore } from "../src/guest-book/store";
import { createLogger, type Logger } from "../src/libs/logger";
import { startServer, type Lifecycle, type RunningServer } from "../src/server";

export interface LogLine {
  level: string;
  message: string;
  [field: string]: unknown;
}

export interface TestApp extends RunningServer {
  readonly logs: LogLine[];
  readonly lifecycle: Lifecycle;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  raw: Buffer;
}

const started: RunningServer[] = [];

/** Stops what a test has left running, also a test that failed. */
afterAll(() => Promise.all(started.splice(0).map((app) => app.stop())));

/** The real app on a free port; `routes` come before its own controllers. */
export async function startApp(
  env: Record<string, string> = {},
  routes?: RequestHandler,
  openStore?: (logger: Logger) => EntryStore,
): Promise<TestApp> {
  const logs: LogLine[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logs.push(JSON.parse(chunk.toString()) as LogLine);
      done();
    },
  });
  const config = {
    ...loadConfig({
      NODE_ENV: "production",
      DRAIN_DELAY_MS: "0",
      SHUTDOWN_TIMEOUT_MS: "1000",
      LOG_LEVEL: "debug",
      ...env,
    }),
    port: 0,
  };
  const logger = createLogger({
    production: true,
    level: config.logLevel,
    transports: [new transports.Stream({ stream })],
  });
  const lifecycle: Lifecycle = { draining: false };
  const store = openStore?.(logger);
  const own = createControllers({ config, readiness: lifecycle, store, logger });
  const controllers: RequestHandler = (req, res, next) => {
    if (routes === undefined) return own(req, res, next);
    return routes(req, res, (error?: unknown) => (error ? next(error) : own(req, res, next)));
  };
  const app = createApp({ config, logger, controllers });
  const server = await startServer(app, config, lifecycle, logger);
  const stop = async (): Promise<void> => {
    await server.stop();
    await store?.close();
  };
  started.push({ ...server, stop });
  return { ...server, stop, logs, lifecycle };
}

/** How to send a request other than a plain GET. */
export interface RequestOptions {
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly agent?: Agent;
  readonly body?: string;
}

/** One request, nothing decoded and nothing followed. */
export function get(
  port: number,
  path: string,
  { body, ...options }: RequestOptions = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port, path, agent: false, ...options },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const raw = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: raw.toString(),
            raw,
          });
        });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** Sends JSON. */
export const postJson = (
  port: number,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> =>
  get(port, path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

/** Sends a form, as a browser does. */
export const postForm = (
  port: number,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = { "Sec-Fetch-Site": "same-origin" },
): Promise<Reply> =>
  get(port, path, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(fields).toString(),
  });

/** Waits until the condition holds; throws when it takes longer than a test may. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still not true: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
