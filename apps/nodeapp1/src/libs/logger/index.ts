import { createLogger as createWinston, transports, type Logger } from "winston";
import type TransportStream from "winston-transport";
import { identifiedJsonLines, jsonLines, pretty } from "./format";
import { LogstashTransport, NOTICE, type Notice } from "./logstash/transport";

export type { Logger } from "winston";
export { LogstashTransport, type LogstashStats } from "./logstash/transport";

/** How a logger writes. */
export interface LoggerOptions {
  /** JSON lines for machines if true, coloured text for people if false. */
  readonly production: boolean;
  readonly level: string;
  /** Written with every line, for example the app's, the task's and the node's name. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Where the lines go; the console by default. */
  readonly transports?: TransportStream[];
  /** Where they go, too; then they are JSON, with an `event_id` each, the same everywhere. */
  readonly logstash?: LogstashTransport;
}

/** A logger as the options say. What happens after an error that nobody expected is the app's to decide. */
export function createLogger(options: LoggerOptions): Logger {
  const { production, level, fields, transports: targets, logstash } = options;
  const logger = createWinston({
    level,
    defaultMeta: fields,
    format: logstash ? identifiedJsonLines() : production ? jsonLines() : pretty(),
    transports: [...(targets ?? [new transports.Console()]), ...(logstash ? [logstash] : [])],
    exitOnError: false,
  });
  logstash?.on(NOTICE, ({ level, message, fields }: Notice) => logger.log(level, message, fields));
  return logger;
}

/**
 * Resolves when every line has been handed to the transports and they are done with them. Logstash is given
 * its time first, in which lines are still taken.
 */
export async function closeLogger(logger: Logger): Promise<void> {
  for (const transport of logger.transports) {
    if (!(transport instanceof LogstashTransport)) continue;
    const lines = await transport.flush();
    if (lines > 0) logger.warn("log lines may not have reached logstash", { lines });
  }
  await new Promise<void>((resolve) => {
    logger.once("finish", resolve);
    logger.end();
  });
}
