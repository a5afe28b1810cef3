/** Writes one JSON object a line. Fields never hold passwords or keys. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A log that gives each line, without its end, to `write`. */
export function createLog(write: (line: string) => void): Log {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      write(JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...fields }));
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

/** What to log of something that was thrown. */
export const reason = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
