import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";

declare module "express-serve-static-core" {
  interface Locals {
    /** Names this request in logs, in the response and on error pages. */
    requestId?: string;
  }
}

/** What a proxy's id may look like: nothing that could break a log line or a header. */
const VALID_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Takes the trusted proxy's X-Request-Id, or makes one, and sends it back. */
export function requestId(): RequestHandler {
  return (req, res, next) => {
    const given = req.get("X-Request-Id");
    const id = given && VALID_ID.test(given) && cameFromTrustedProxy(req) ? given : randomUUID();
    res.locals.requestId = id;
    res.setHeader("X-Request-Id", id);
    next();
  };
}

function cameFromTrustedProxy(req: Parameters<RequestHandler>[0]): boolean {
  const isTrusted = req.app.get("trust proxy fn") as (address: string, hop: number) => boolean;
  return isTrusted(req.socket.remoteAddress ?? "", 0);
}
