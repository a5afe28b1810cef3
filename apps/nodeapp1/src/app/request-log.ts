import type { RequestHandler } from "express";
import type { Logger } from "../libs/logger";

/**
 * One line for each request, when its response is done. No query, header or body is written: they
 * can hold secrets. Health checks are logged at debug level, for they are most of the traffic.
 */
export function requestLog(logger: Logger, quietPath: string): RequestHandler {
  return (req, res, next) => {
    const start = process.hrtime.bigint();
    const path = req.originalUrl.split("?", 1)[0] ?? "";
    res.once("close", () => {
      logger.log(path.startsWith(quietPath) ? "debug" : "info", "request", {
        requestId: res.locals.requestId,
        method: req.method,
        path,
        status: res.statusCode,
        durationMs: Number(process.hrtime.bigint() - start) / 1e6,
        client: req.ip,
        // The client went away before it had the whole response.
        ...(res.writableFinished ? {} : { aborted: true }),
      });
    });
    next();
  };
}
