import { createApp } from "./app";
import { ConfigError, loadConfig, type Config } from "./app/config";
import { createControllers } from "./controllers";
import { closeLogger, createLogger } from "./libs/logger";
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

  const logger = createLogger({
    production: config.production,
    level: config.logLevel,
    fields: { app: config.appName, task: config.taskName, node: config.nodeName },
  });
  const exit = async (code: number): Promise<void> => {
    await closeLogger(logger);
    host.exit(code);
  };

  const lifecycle: Lifecycle = { draining: false };
  const app = createApp({ config, logger, controllers: createControllers(lifecycle) });
  // A signal may come as soon as the server listens, or before.
  let server: RunningServer | undefined = undefined;
  let stopping = false;
  const stop = (code: number): void => {
    if (stopping) return;
    stopping = true;
    void Promise.resolve(server?.stop()).then(() => exit(code));
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    host.on(signal, () => {
      logger.info("told to stop", { signal });
      stop(0);
    });
  }
  // After an error that nobody expected the state is unknown: let the swarm start a fresh task,
  // but give the other requests their answers first.
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    host.on(event, (error) => {
      logger.error(event, { error });
      stop(1);
    });
  }
  server = await startServer(app, config, lifecycle, logger).catch(async (error: unknown) => {
    logger.error("cannot listen", { port: config.port, error });
    await exit(1);
    return undefined;
  });
}
