import { createApi } from "./api";
import { ConfigError, loadConfig, type Config } from "./config";
import { Elasticsearch } from "./elasticsearch";
import { Keeper } from "./keeper";
import { Kibana } from "./kibana";
import { createLog, reason } from "./log";

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
  const keeper = new Keeper(
    { elasticsearch: new Elasticsearch(config), kibana: new Kibana(config) },
    config.intervalS,
    log,
  );
  const server = createApi(keeper);
  server.on("error", (error) => {
    log.error("cannot listen", { port: config.port, reason: reason(error) });
    process.exit(1);
  });
  server.listen(config.port, () => {
    log.info("listening", { port: config.port });
    keeper.start();
  });

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info("told to stop", { signal });
    server.close();
    server.closeAllConnections();
    void keeper.stop().then(() => {
      log.info("stopped");
      process.exit(0);
    });
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
