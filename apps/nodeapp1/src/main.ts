import { createApp } from "./app";
import { ConfigError, loadConfig, type Config } from "./app/config";
import type { EntryStore } from "./guest-book/store";
import { createControllers } from "./controllers";
import { LogstashTransport, closeLogger, createLogger, type Logger } from "./libs/logger";
import { startServer, type Lifecycle, type RunningServer } from "./server";

/** The parts of `process` that the app uses, so that a test can stand in for it. */
export interface Host {
  readonly env: NodeJS.ProcessEnv;
  on(
    event: NodeJS.Signals | "uncaughtException" | "unhandledRejection",
    listener: (cause: unknown) => void,
  ): void;
  exit(code: number): void;
}

/** Runs the app until it is told to stop. The host's `exit` gets 0 only after a graceful stop. */
export async function main(host: Host): Promise<void> {
  let config: Config;
  try {
    config = loadConfig(host.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const logger = createLogger({ production: true, level: "info" });
    for (const problem of error.problems) logger.error(problem);
    await closeLogger(logger);
    host.exit(1);
    return;
  }

  const logstash = config.logstash && new LogstashTransport(config.logstash);
  const logger = createLogger({
    production: config.production,
    level: config.logLevel,
    fields: {
      ...{ app: config.appName, task: config.taskName, node: config.nodeName },
      ...(logstash && { service: config.appName, node_name: "nodeapp1" }),
    },
    logstash,
  });

  const lifecycle: Lifecycle = { draining: false };
  // A signal may come as soon as the server listens, or before.
  let store: EntryStore | undefined;
  let server: RunningServer | undefined;
  let stopping = false;
  const stop = async (code: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await server?.stop();
    // After the requests in flight, which need it.
    await store?.close();
    await closeLogger(logger);
    host.exit(code);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    host.on(signal, () => {
      logger.info("told to stop", { signal });
      void stop(0);
    });
  }
  // After an error that nobody expected the state is unknown: let the swarm start a fresh task,
  // but give the other requests their answers first.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    host.on(event, (error) => {
      logger.error(event, { error });
      void stop(1);
    });
  }

  try {
    store = await openStore(config, logger);
    const readiness = lifecycle;
    const controllers = createControllers({ config, readiness, store, logger, logstash });
    const app = createApp({ config, logger, controllers });
    server = await startServer(app, config, lifecycle, logger);
  } catch (error) {
    if (error instanceof ConfigError) for (const problem of error.problems) logger.error(problem);
    else logger.error("cannot listen", { port: config.port, error });
    await stop(1);
  }
}

/**
 * The store, which begins to look for its database; undefined to run without one. Then the driver,
 * which takes as much memory as the rest of the app, is not even loaded.
 * @throws ConfigError when the file with the database's URL is no such file
 */
async function openStore(config: Config, logger: Logger): Promise<EntryStore | undefined> {
  const { databaseUrlFile, appName } = config;
  if (databaseUrlFile === undefined) return undefined;
  const { MongoEntryStore } = await import("./guest-book/mongo");
  const { readDatabaseUrl } = await import("./guest-book/database-url");
  return new MongoEntryStore({ ...readDatabaseUrl(databaseUrlFile), appName, logger });
}
