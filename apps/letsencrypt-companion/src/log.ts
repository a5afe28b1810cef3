/** Writes one JSON object a line. Fields never hold keys or what certbot was answered by the CA beyond its errors. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** A log that gives each line, without its end, to `write`. */
export function createLog(write: (line: string) => void): Log {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      write(JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...fields }));
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

/** What to log of something that was thrown. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A connection that failed for every address of a name has an empty message of its own.
  if (error instanceof AggregateError) return error.errors.map(reason).join("; ");
  return error.message;
}
