import { createApi } from "./api";
import { ConfigError, loadConfig, type Config } from "./config";
import { EngineClient } from "./engine/client";
import { SwarmListener } from "./listener";
import { createLog, reason, type Log } from "./log";
import { Dispatcher } from "./notify/dispatcher";
import { endpointsOf } from "./notify/endpoints";

/** How long a receiver may take to answer: it may have to reload and to tell others. */
const NOTIFICATION_TIMEOUT_MS = 15_000;

/** Puts the listener together. */
export function createListener(config: Config, log: Log): SwarmListener {
  const endpoints = endpointsOf(
    { urls: config.createServiceUrls, methods: config.createServiceMethods },
    { urls: config.removeServiceUrls, methods: config.removeServiceMethods },
  );
  const options = {
    retries: config.retries,
    retryIntervalMs: config.retryIntervalS * 1_000,
    timeoutMs: NOTIFICATION_TIMEOUT_MS,
  };
  return new SwarmListener({
    engine: new EngineClient(config.dockerHost),
    dispatchers: endpoints.map((endpoint) => new Dispatcher(endpoint, options, log)),
    services: { notifyLabel: config.notifyLabel, namePrefix: config.serviceNamePrefix },
    reconciler: { intervalMs: config.intervalS * 1_000, minGapMs: 200, firstRetryMs: 1_000 },
    log,
  });
}

/** Runs until SIGTERM or SIGINT. */
export function main(): void {
  const log = createLog((line) => process.stdout.write(`${line}\n`));
  let config: Config;
  try {
    config = loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) log.error(problem);
    process.exitCode = 1;
    return;
  }
  for (const name of config.ignored) log.warn("this variable has no meaning here", { name });
  if (config.createServiceUrls.length === 0) {
    log.warn("nobody will be notified: DF_NOTIFY_CREATE_SERVICE_URL is not set");
  }

  const listener = createListener(config, log);
  const server = createApi(listener, log);
  server.on("error", (error) => {
    log.error("cannot listen", { port: config.port, reason: reason(error) });
    process.exit(1);
  });
  server.listen(config.port, () => {
    log.info("listening", { port: config.port });
    listener.start();
  });

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info("told to stop", { signal });
    // Whoever asks us asks again elsewhere or later; nobody has a request worth waiting for.
    server.close();
    server.closeAllConnections();
    void listener.stop().then(() => {
      log.info("stopped");
      process.exit(0);
    });
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
