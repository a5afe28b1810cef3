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
    // Other sites learn nothing of where somebody came from. `no-referrer` would have browsers send
    // `Origin: null` with our own forms, which are then not to be told from forged ones.
    referrerPolicy: { policy: "same-origin" },
    strictTransportSecurity: false,
    xFrameOptions: { action: "deny" },
  });
}
