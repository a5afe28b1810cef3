import { startApp } from "./app";
import { ConfigError, loadConfig, type Config } from "./config";
import { createLog, reason } from "./log";
import { logUncaught } from "./uncaught";

/** Runs until SIGTERM or SIGINT. */
export async function main(): Promise<void> {
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
  // A signal that comes while things start is heeded once they have.
  const told = new Promise<string>((resolve) => {
    process.on("SIGTERM", resolve);
    process.on("SIGINT", resolve);
  });
  try {
    const app = await startApp(config, log);
    const { sets, directoryUrl, port } = config;
    log.info("running", { port, directoryUrl, certificates: sets.map(({ name }) => name) });
    log.info("told to stop", { signal: await told });
    await app.stop();
    log.info("stopped");
    process.exit(0);
  } catch (error) {
    log.error("cannot go on", { reason: reason(error) });
    process.exit(1);
  }
}
