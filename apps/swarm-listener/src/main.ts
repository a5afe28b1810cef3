import { createApi } from "./api";
import { ConfigError, loadConfig, type Config, type SubjectConfig } from "./config";
import { EngineClient } from "./engine/client";
import { SwarmListener, type Following } from "./listener";
import { createLog, reason, type Log } from "./log";
import { Metrics, type Subject } from "./metrics";
import { Dispatcher } from "./notify/dispatcher";
import { endpointsOf } from "./notify/endpoints";
import { logUncaught } from "./uncaught";

/** How long a receiver may take to answer: it may have to reload and to tell others. */
const NOTIFICATION_TIMEOUT_MS = 15_000;

/** Comparisons are at least so far apart, and begin again so soon after a failure. */
const MIN_GAP_MS = 200;
const FIRST_RETRY_MS = 1_000;

/** Puts the listener together. */
export function createListener(config: Config, metrics: Metrics, log: Log): SwarmListener {
  const options = {
    retries: config.retries,
    retryIntervalMs: config.retryIntervalS * 1_000,
    timeoutMs: NOTIFICATION_TIMEOUT_MS,
  };
  const following = (subject: Subject, from: SubjectConfig): Following => ({
    dispatchers: endpointsOf(
      { urls: from.createUrls, methods: from.createMethods },
      { urls: from.removeUrls, methods: from.removeMethods },
    ).map((endpoint) => new Dispatcher({ subject, endpoint, options, metrics, log })),
    reconciler: {
      intervalMs: from.intervalS * 1_000,
      minGapMs: MIN_GAP_MS,
      firstRetryMs: FIRST_RETRY_MS,
    },
    events: from.events,
  });
  return new SwarmListener({
    engine: new EngineClient(config.dockerHost),
    services: {
      ...following("service", config.services),
      notifyLabel: config.notifyLabel,
      namePrefix: config.serviceNamePrefix,
    },
    nodes: following("node", config.nodes),
    nodeInfo: { included: config.includeNodeInfo, withAddress: config.nodeInfoWithAddress },
    metrics,
    log,
  });
}

/** Runs until SIGTERM or SIGINT. */
export function main(): void {
  const log = createLog((line) => process.stdout.write(`${line}\n`));
  logUncaught(log);
  let config: Config;
  try {
    config = loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) log.error(problem);
    process.exitCode = 1;
    return;
  }
  for (const note of config.notes) log.warn(note);
  if (config.services.createUrls.length === 0) {
    log.warn("nobody will be notified: DF_NOTIFY_CREATE_SERVICE_URL is not set");
  }

  const metrics = new Metrics();
  const listener = createListener(config, metrics, log);
  const server = createApi(listener, metrics, log);
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
