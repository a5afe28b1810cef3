import type { Request, RequestHandler } from "express";
import { HttpError } from "./errors";

const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

/**
 * Refuses what another site has a browser send here (CSRF), by what the browser itself says of the
 * request's origin; see "Fetch Metadata" and "Verifying Origin With Standard Headers" in OWASP's
 * Cross-Site Request Forgery Prevention Cheat Sheet. Needs no cookie, no token and no secret that
 * all replicas would have to share.
 *
 * A request with neither header comes from no browser of this decade, and a program that is not
 * somebody's browser cannot be made to send one.
 */
export function sameOrigin(): RequestHandler {
  return (req, _res, next) => {
    next(isForgery(req) ? new HttpError(403) : undefined);
  };
}

function isForgery(req: Request): boolean {
  if (SAFE_METHODS.includes(req.method)) return false;
  const site = req.get("Sec-Fetch-Site");
  // `none` is the user: the address bar, a bookmark.
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  // Browsers send Sec-Fetch-Site over TLS and to localhost only, and Origin everywhere.
  const origin = req.get("Origin");
  return origin !== undefined && hostOf(origin) !== req.host?.toLowerCase();
}

/** Without the scheme, which whoever ends TLS in front of us need not have passed on. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
