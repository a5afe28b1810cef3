import helmet from "helmet";
import type { RequestHandler } from "express";

/**
 * Security headers. The policy starts from nothing and allows what our pages have: stylesheets,
 * images and scripts from files of ours, and forms that post to ourselves. Nothing inline.
 * Strict-Transport-Security is not set here: it is the business of whoever terminates TLS.
 */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    xFrameOptions: { action: "deny" },
  });
}
