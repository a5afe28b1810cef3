import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import type { Logger } from "../libs/logger";

/** What is said to people; anything else is "the request could not be handled". */
const EXPLANATIONS: Readonly<Record<number, string>> = {
  404: "There is nothing at this address.",
  500: "Something went wrong on our side. It has been logged.",
};

/** Answers what no route has answered. */
export function notFound(): RequestHandler {
  return (req, res) => sendError(req, res, 404);
}

/**
 * Answers for everything that threw. The cause goes to the log and never to the client, who gets
 * the status, a fixed sentence and the request id to ask us about.
 */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const status = statusOf(error);
    logger.log(status >= 500 ? "error" : "info", "request failed", {
      requestId: res.locals.requestId,
      status,
      error,
    });
    if (res.headersSent) {
      // Too late for a page: cut the connection, so that nobody takes what was sent for the whole.
      res.destroy();
      return;
    }
    sendError(req, res, status);
  };
}

/** The 4xx that Express's own parsers attach to their errors; for any other error 500. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}

function sendError(req: Request, res: Response, status: number): void {
  const title = STATUS_CODES[status] ?? "Error";
  const explanation = EXPLANATIONS[status] ?? "The request could not be handled.";
  res.status(status).set("Cache-Control", "no-store");
  if (req.accepts(["html", "json"]) === "json") {
    res.json({ status, error: title, requestId: res.locals.requestId });
    return;
  }
  const locals = { status, title, explanation, requestId: res.locals.requestId };
  res.render("error.html", locals, (failure: Error | null, html?: string) => {
    // A broken error page must not lead back here.
    if (failure !== null) res.type("text").send(`${status} ${title}\n`);
    else res.send(html);
  });
}
