import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "./app/config";
import type { Logger } from "./libs/logger";

/** What the server needs to know of the configuration. */
export type ServerConfig = Pick<
  Config,
  "port" | "drainDelayMs" | "shutdownTimeoutMs" | "keepAliveTimeoutMs"
>;

/** The state of a serving process that its routes may look at. */
export interface Lifecycle {
  draining: boolean;
}

/** A server that accepts connections. */
export interface RunningServer {
  readonly port: number;
  /** Stops gracefully; called again, it waits for the same stop. */
  stop(): Promise<void>;
}

/**
 * Listens.
 * @throws what `listen` reports, for example EADDRINUSE
 */
export async function startServer(
  handler: RequestListener,
  config: ServerConfig,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<RunningServer> {
  const inFlight = new Set<ServerResponse>();
  const server = createServer({
    keepAliveTimeout: config.keepAliveTimeoutMs,
    // Node counts it from the moment a connection turns idle: it must not be the shorter one.
    headersTimeout: config.keepAliveTimeoutMs + 1_000,
    requestTimeout: Math.max(300_000, config.keepAliveTimeoutMs + 1_000),
  });

  server.on("request", (_req, res: ServerResponse) => {
    if (lifecycle.draining) res.setHeader("Connection", "close");
    inFlight.add(res);
    res.once("close", () => {
      inFlight.delete(res);
      // Of a response that had begun before the stop, the connection is kept alive: end it now.
      if (lifecycle.draining && !server.listening)
        setImmediate(() => server.closeIdleConnections());
    });
  });
  server.on("request", handler);

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  logger.info("listening", { port });

  async function drain(): Promise<void> {
    lifecycle.draining = true;
    for (const res of inFlight) if (!res.headersSent) res.setHeader("Connection", "close");
    logger.info("draining", { delayMs: config.drainDelayMs, inFlight: inFlight.size });
    await delay(config.drainDelayMs);

    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = setTimeout(() => {
      logger.warn("closing connections whose requests take too long", { inFlight: inFlight.size });
      server.closeAllConnections();
    }, config.shutdownTimeoutMs);
    await closed;
    clearTimeout(timer);
    logger.info("stopped");
  }

  let stopping: Promise<void> | undefined;
  return { port, stop: () => (stopping ??= drain()) };
}
