import express, { type RequestHandler } from "express";
import { HttpError } from "./errors";

/** Bytes. Four times what the longest entry takes, so that its own limits are what people meet. */
const LIMIT = 16 * 1024;
/** Fields of a form. */
const MAX_FIELDS = 20;
/** How long a body may take to arrive, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Reads an HTML form into `req.body`; 415 for anything else. */
export const formBody = (timeoutMs = TIMEOUT_MS): RequestHandler =>
  only(
    "application/x-www-form-urlencoded",
    express.urlencoded({
      extended: false,
      limit: LIMIT,
      parameterLimit: MAX_FIELDS,
      inflate: false,
    }),
    timeoutMs,
  );

/** Reads JSON into `req.body`; 415 for anything else. */
export const jsonBody = (timeoutMs = TIMEOUT_MS): RequestHandler =>
  only(
    "application/json",
    express.json({ limit: LIMIT, inflate: false, strict: false }),
    timeoutMs,
  );

function only(type: string, parser: RequestHandler, timeoutMs: number): RequestHandler {
  const parse = inTime(parser, timeoutMs);
  return (req, res, next) => {
    if (req.is(type) === type) void parse(req, res, next);
    else next(new HttpError(415));
  };
}

/**
 * Answers 408 and closes the connection if the parser has not had the whole body by then. What the
 * parser refuses is refused without its message, which would bring parts of the body into the log.
 */
function inTime(parser: RequestHandler, timeoutMs: number): RequestHandler {
  return (req, res, next) => {
    let done = false;
    const finish = (error?: unknown): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      next(isRefusal(error) ? new HttpError(error.status) : error);
    };
    const timer = setTimeout(() => {
      res.set("Connection", "close");
      finish(new HttpError(408));
    }, timeoutMs);
    void parser(req, res, finish);
  };
}

const isRefusal = (error: unknown): error is { status: number } =>
  error instanceof Error && "status" in error && error.status !== 500;
