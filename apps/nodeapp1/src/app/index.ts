import path from "node:path";
import compression from "compression";
import express, { type Express, type RequestHandler } from "express";
import type { Logger } from "../libs/logger";
import { createAssets } from "./assets";
import type { Config } from "./config";
import { errorHandler, notFound } from "./errors";
import { requestId } from "./request-id";
import { requestLog } from "./request-log";
import { sameOrigin } from "./same-origin";
import { securityHeaders } from "./security";
import { createViews } from "./views";

/** What an app is made of. */
export interface AppArgs {
  readonly config: Config;
  readonly logger: Logger;
  /** The routes below the service path. */
  readonly controllers: RequestHandler;
  /** Where `views` and `public` are; the compiled app's own by default. */
  readonly root?: string;
}

/**
 * The whole app, not listening yet: an outer Express instance with what concerns every request,
 * and the app proper mounted on it at the service path, so that no route has to repeat the path.
 */
export function createApp({ config, logger, controllers, root }: AppArgs): Express {
  const base = config.servicePath === "/" ? "" : config.servicePath;
  const directory = root ?? path.join(__dirname, "..");
  const assets = createAssets(path.join(directory, "public"), `${base}/public`);
  const views = createViews({
    directory: path.join(directory, "views"),
    cache: config.production,
    globals: {
      asset: (file: string) => assets.url(file),
      basePath: base,
      appName: config.appName,
      taskName: config.taskName,
      nodeName: config.nodeName,
      version: config.version,
    },
  });

  // The outer instance does not see the settings of a mounted one, so both get them.
  const instance = (): Express => {
    const app = express();
    app.disable("x-powered-by");
    app.set("trust proxy", config.trustProxy);
    views(app);
    return app;
  };

  const app = instance();
  app.use("/public", assets.handler);
  app.use(controllers);

  const server = instance();
  server.use(requestId());
  server.use(requestLog(logger, `${base}/health/`));
  server.use(securityHeaders());
  server.use(compression());
  server.use(sameOrigin());
  server.use(config.servicePath, app);
  server.use(notFound());
  server.use(errorHandler(logger));
  return server;
}
