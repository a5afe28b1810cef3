import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { StoreUnavailableError } from "../guest-book/store";
import type { Problem } from "../guest-book/input";
import type { Logger } from "../libs/logger";

declare module "express-serve-static-core" {
  interface Locals {
    /** Errors are answered in JSON, whatever the client says that it accepts. */
    isApi?: boolean;
  }
}

/** What is said to people; anything else is "the request could not be handled". */
const EXPLANATIONS: Readonly<Record<number, string>> = {
  400: "The request could not be understood.",
  403: "This was sent from another site, so it was not done. Send it from our own page.",
  404: "There is nothing at this address.",
  405: "This address does not take such requests.",
  408: "The request took too long to arrive. Send it again.",
  413: "This is more than we take.",
  415: "This is of a kind that we do not take.",
  500: "Something went wrong on our side. It has been logged.",
  503: "We cannot reach our database at the moment. Try again in a few seconds.",
};

/** An answer other than success, as a route's own decision. */
export class HttpError extends Error {
  /** @param problems what to say about the parts of the input */
  constructor(
    readonly status: number,
    readonly problems?: readonly Problem[],
  ) {
    super(STATUS_CODES[status]);
    this.name = "HttpError";
  }
}

/** Answers what no route has answered. */
export function notFound(): RequestHandler {
  return (_req, _res, next) => next(new HttpError(404));
}

/** For a path whose routes come before: answers all other methods. */
export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  return (_req, res, next) => {
    res.set("Allow", allowed.join(", "));
    next(new HttpError(405));
  };
}

/**
 * Answers for everything that threw. The cause goes to the log and never to the client, who gets
 * the status, a fixed sentence and the request id to ask us about.
 */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const status = statusOf(error);
    // What a route decided is in the request's own log line.
    if (!(error instanceof HttpError)) {
      logger.log(status >= 500 ? "error" : "info", "request failed", {
        requestId: res.locals.requestId,
        status,
        error,
      });
    }
    if (res.headersSent) {
      // Too late for a page: cut the connection, so that nobody takes what was sent for the whole.
      res.destroy();
      return;
    }
    if (error instanceof StoreUnavailableError) res.set("Retry-After", String(error.retryAfterS));
    sendError(req, res, status, error instanceof HttpError ? error.problems : undefined);
  };
}

/** The 4xx that Express's own parsers attach to their errors, or our own; for any other error 500. */
function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.status;
  if (error instanceof StoreUnavailableError) return 503;
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 500;
}

function sendError(
  req: Request,
  res: Response,
  status: number,
  problems?: readonly Problem[],
): void {
  const title = STATUS_CODES[status] ?? "Error";
  const explanation = EXPLANATIONS[status] ?? "The request could not be handled.";
  res.status(status).set("Cache-Control", "no-store");
  if (res.locals.isApi === true || req.accepts(["html", "json"]) === "json") {
    res.json({ status, error: title, requestId: res.locals.requestId, problems });
    return;
  }
  const locals = { status, title, explanation, requestId: res.locals.requestId };
  res.render("error.html", locals, (failure: Error | null, html?: string) => {
    // A broken error page must not lead back here.
    if (failure !== null) res.type("text").send(`${status} ${title}\n`);
    else res.send(html);
  });
}
