import { Router } from "express";
import type { DatabaseStatus } from "../guest-book/store";
import type { LogstashStats } from "../libs/logger";

/** Whether new requests should be sent here. */
export interface Readiness {
  readonly draining: boolean;
}

/**
 * Two kinds of health. `live` says that the process answers: whoever gets no answer may kill it.
 * `ready` says that it wants requests: a proxy sends them elsewhere while it does not. It says how
 * the database is, too, which changes neither: the page is served without it, no other replica
 * could reach it better, and to start this one again would mend nothing. Of the log lines on their way to
 * Logstash it says how many wait and how many were dropped, and there, too, nothing follows from it.
 */
export function healthController(
  readiness: Readiness,
  store: { readonly status: DatabaseStatus } | undefined,
  logstash: { readonly stats: LogstashStats } | undefined,
): Router {
  const router = Router();
  router.use((_req, res, next) => {
    res.set("Cache-Control", "no-store");
    next();
  });
  router.get("/live", (_req, res) => {
    res.json({ status: "live" });
  });
  router.get("/ready", (_req, res) => {
    const database = store?.status ?? "none";
    const status = readiness.draining ? "draining" : "ready";
    // JSON leaves out what is undefined.
    res.status(readiness.draining ? 503 : 200).json({ status, database, logs: logstash?.stats });
  });
  return router;
}
