import { Router } from "express";
import { healthController, type Readiness } from "./health";

/** All routes of the app, relative to its service path. */
export function createControllers(readiness: Readiness): Router {
  const router = Router();
  router.use("/health", healthController(readiness));
  router.get("/", (_req, res) => {
    res.set("Cache-Control", "private, no-cache");
    res.render("index.html");
  });
  return router;
}
