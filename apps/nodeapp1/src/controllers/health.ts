import { Router } from "express";

/** Whether new requests should be sent here. */
export interface Readiness {
  readonly draining: boolean;
}

/**
 * Two kinds of health. `live` says that the process answers: whoever gets no answer may kill it.
 * `ready` says that it wants requests: a proxy sends them elsewhere while it does not.
 */
export function healthController(readiness: Readiness): Router {
  const router = Router();
  router.use((_req, res, next) => {
    res.set("Cache-Control", "no-store");
    next();
  });
  router.get("/live", (_req, res) => {
    res.json({ status: "live" });
  });
  router.get("/ready", (_req, res) => {
    if (readiness.draining) res.status(503).json({ status: "draining" });
    else res.json({ status: "ready" });
  });
  return router;
}
