import { createLogger as createWinston, format, transports, type Logger } from "winston";
import type TransportStream from "winston-transport";

export type { Logger } from "winston";

/** How a logger writes. */
export interface LoggerOptions {
  /** JSON lines for machines if true, coloured text for people if false. */
  readonly production: boolean;
  readonly level: string;
  /** Written with every line, for example the app's, the task's and the node's name. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Where the lines go; the console by default. */
  readonly transports?: TransportStream[];
}

/** JSON has no notion of Error: without this, `{ error }` would be written as `{}`. */
const plainErrors = format((info) => {
  for (const [key, value] of Object.entries(info)) {
    if (value instanceof Error) {
      info[key] = { name: value.name, message: value.message, stack: value.stack };
    }
  }
  return info;
});

const json = () => format.combine(format.timestamp(), plainErrors(), format.json());

const pretty = () =>
  format.combine(
    format.colorize(),
    format.timestamp({ format: "HH:mm:ss.SSS" }),
    plainErrors(),
    format.printf(({ timestamp, level, message, ...fields }) => {
      const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : "";
      return `${String(timestamp)} ${level} ${String(message)}${rest}`;
    }),
  );

/** A logger as the options say. */
export function createLogger(options: LoggerOptions): Logger {
  const { production, level, fields, transports: targets } = options;
  return createWinston({
    level,
    defaultMeta: fields,
    format: production ? json() : pretty(),
    transports: targets ?? [new transports.Console()],
  });
}

/** Resolves when every line has been handed to the transports and they are done with them. */
export function closeLogger(logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    logger.once("finish", resolve);
    logger.end();
  });
}
