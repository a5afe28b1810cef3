import { type Log, messageOf } from "./log";

/**
 * Has what nobody caught, and what Node warns of, logged as any other line; by itself Node prints text of several lines. After an
 * error nobody caught the process ends: its state is unknown. Node's own printing of warnings is off in the Dockerfile.
 */
export function logUncaught(log: Log, host: Pick<NodeJS.Process, "on" | "exit"> = process): void {
  host.on("uncaughtException", (error) => {
    log.error("nobody caught an error", { error: messageOf(error), stack: stackOf(error) });
    host.exit(1);
  });
  host.on("warning", (warning) => log.warn("Node warns", { warning: messageOf(warning) }));
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
