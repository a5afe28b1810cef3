/*
 * HAProxy writes a frontend's requests and what it has to say of the frontend itself («Proxy http stopped») to one place. What it
 * says is text, of a level below `err`, and comes on stderr as well, where it is made JSON. So requests are of the level `err`, and
 * only that is written to stdout. The rest would be accept() failing for want of memory or files.
 */

/** The line of the `global` section. */
export const LOG_TARGET = "    log stdout len 8192 format raw local0 err";

/**
 * The lines of a frontend that log its requests, or its connections, as JSON.
 * @param fields HAProxy's log format, a name in parentheses each
 */
export function renderAccessLog(fields: readonly string[]): string[] {
  return [
    "    log global",
    "    option dontlognull",
    // What ends before it is a request or a connection to anyone, such as a failed handshake.
    "    option log-separate-errors",
    "    tcp-request content set-log-level err",
    `    log-format '%{+json}o ${fields.join(" ")}'`,
  ];
}
