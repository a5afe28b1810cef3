/*
 * HAProxy writes a frontend's requests and what it has to say of the frontend itself («Proxy http stopped») to one place. What it
 * says is text, of a level below `err`, and comes on stderr as well, where it is made JSON. So requests are of the level `err`, and
 * only that is written to stdout. The rest would be accept() failing for want of memory or files.
 */

/** The line of the `global` section. */
export const LOG_TARGET = "    log stdout len 8192 format raw local0 err";

/** A field of a line: its name, HAProxy's log format for it without the leading `%`, and how the value gets into JSON. */
interface Field {
  readonly name: string;
  readonly item: string;
  readonly as: "text" | "number" | "encoded";
}

/** Never empty, and nothing in it that JSON would have escaped. */
export const text = (name: string, item: string): Field => ({ name, item, as: "text" });

/** Always a number, and never with a sign that JSON does not have. */
export const number = (name: string, item: string): Field => ({ name, item, as: "number" });

/** Whatever it is: HAProxy makes JSON of it. */
export const encoded = (name: string, item: string): Field => ({ name, item, as: "encoded" });

/** The lines of a frontend that log its requests, or its connections, as JSON. */
export function renderAccessLog(fields: readonly Field[]): string[] {
  return [
    "    log global",
    "    option dontlognull",
    // What ends before it is a request or a connection to anyone, such as a failed handshake.
    "    option log-separate-errors",
    "    tcp-request content set-log-level err",
    `    log-format '${renderLine(fields)}'`,
  ];
}

/** `%{+json}o` would do for the whole line, but prints each number by snprintf: it makes a request 4 % dearer. */
function renderLine(fields: readonly Field[]): string {
  const value = { text: '"%', number: "%", encoded: "%{+json}" };
  const members = fields.map(
    ({ name, item, as }) => `"${name}":${value[as]}${item}${as === "text" ? '"' : ""}`,
  );
  return `{${members.join(",")}}`;
}
