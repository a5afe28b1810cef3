import { randomUUID } from "node:crypto";
import { format, type Logform } from "winston";

/** Where winston keeps a line as it is written, and its level without colours (package triple-beam). */
export const MESSAGE = Symbol.for("message");
const LEVEL = Symbol.for("level");

/** A line as winston gives it to transports. */
export interface LogInfo {
  level: string;
  message: unknown;
  [MESSAGE]?: string;
  [field: string | symbol]: unknown;
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

/** The line's own id, by which a store that gets it twice keeps it once, and its time. */
const stamp = format((info) => {
  info["event_id"] = randomUUID();
  info["timestamp"] = new Date().toISOString();
  return info;
});

const toJson = format.json();

/** A field that throws when it is written must not throw at whoever logs. */
const json = format((info) => {
  try {
    return toJson.transform(info, {});
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const rest = { level: info.level, message: info.message, [LEVEL]: info[LEVEL] };
    return toJson.transform({ ...scalars(info), ...rest, tags: ["unserializable"], reason }, {});
  }
});

/** One JSON object a line, for machines. */
export const jsonLines = (): Logform.Format =>
  format.combine(format.timestamp(), plainErrors(), json());

/** The same with an `event_id`; it and `timestamp` are the logger's, whatever the caller says. */
export const identifiedJsonLines = (): Logform.Format =>
  format.combine(stamp(), plainErrors(), json());

/** Coloured text for people. */
export const pretty = (): Logform.Format =>
  format.combine(
    format.colorize(),
    format.timestamp({ format: "HH:mm:ss.SSS" }),
    plainErrors(),
    format.printf(({ timestamp, level, message, ...fields }) => {
      const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : "";
      return `${String(timestamp)} ${level} ${String(message)}${rest}`;
    }),
  );

/** How much of a line that is too long is kept beside its message. */
const KEPT = { fields: 24, key: 64, value: 200, stack: 2_000 } as const;

/** JSON writes one UTF-16 unit as six bytes at most. */
const MAX_BYTES_OF_UNIT = 6;

/**
 * A line that is too long, in JSON: its short fields, the beginning of its message and of its error, the tag
 * `truncated` and `originalBytes`.
 * @param maxBytes at least 64 KiB, so that what is kept beside the message always fits
 */
export function shorten(info: LogInfo, originalBytes: number, maxBytes: number): string {
  const { message, error, ...fields } = info;
  const rest = {
    ...scalars(fields),
    error: beginningOf(error),
    tags: ["truncated"],
    originalBytes,
  };
  const room = maxBytes - Buffer.byteLength(JSON.stringify(rest)) - KEPT.value;
  const text = String(message).slice(0, Math.max(0, Math.floor(room / MAX_BYTES_OF_UNIT)));
  return JSON.stringify({ message: text, ...rest });
}

function beginningOf(error: unknown): unknown {
  if (typeof error !== "object" || error === null) return undefined;
  const { name, message, stack } = error as Record<string, unknown>;
  return {
    name: String(name).slice(0, KEPT.key),
    message: String(message).slice(0, KEPT.value),
    stack: String(stack).slice(0, KEPT.stack),
  };
}

/** The last short fields that are no objects: the logger's own come last. */
function scalars(info: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const short = Object.entries(info).filter(
    ([key, value]) =>
      key.length <= KEPT.key &&
      (typeof value === "number" ||
        typeof value === "boolean" ||
        (typeof value === "string" && value.length <= KEPT.value)),
  );
  return Object.fromEntries(short.slice(-KEPT.fields));
}
