import { Router } from "express";
import type { Config } from "../app/config";
import type { EntryStore } from "../guest-book/store";
import type { Logger, LogstashTransport } from "../libs/logger";
import { entriesApi } from "./entries-api";
import { healthController, type Readiness } from "./health";
import { pageController } from "./page";

/** What the routes need to know and use. */
export interface ControllersArgs {
  readonly config: Pick<Config, "servicePath" | "taskName" | "nodeName">;
  readonly readiness: Readiness;
  /** Undefined to run without a database: then there is no guest book. */
  readonly store: EntryStore | undefined;
  readonly logger: Logger;
  /** Undefined where log lines go to the console alone. */
  readonly logstash?: Pick<LogstashTransport, "stats">;
}

/** All routes of the app, relative to its service path. */
export function createControllers(args: ControllersArgs): Router {
  const { config, readiness, store, logger, logstash } = args;
  const base = config.servicePath === "/" ? "" : config.servicePath;
  const replica = { task: config.taskName, node: config.nodeName };

  const router = Router();
  router.use("/health", healthController(readiness, store, logstash));
  router.use(pageController({ store, replica, urlPath: base || "/", logger }));
  if (store !== undefined) {
    const path = "/api/entries";
    router.use(path, entriesApi({ store, replica, urlPath: base + path }));
  }
  return router;
}
