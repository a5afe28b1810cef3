import type { RenderOptions } from "./options";

/*
 * What one client may ask of the proxy. HAProxy's own limits stand: 101 headers, 15 kB for all of them together, one of
 * Content-Length and Transfer-Encoding; beyond them it answers 400.
 */

/** Where connections are counted, by client address. */
const CLIENTS = "clients";

/** The lines of the `global` section. */
export function renderGlobalLimits(): string[] {
  return [
    // normalize-uri is called experimental in every version that has it.
    "    expose-experimental-directives",
    // Streams that are reset as fast as they are opened, frames that are legal but senseless: closed after so many.
    "    tune.h2.fe.glitches-threshold 1000",
  ];
}

export function renderClientTable(): string[] {
  return [`backend ${CLIENTS}`, "    stick-table type ipv6 size 100k expire 10s store conn_cur"];
}

/**
 * Connections per address, and the time for a request. Headers have `timeout http-request`. A body that was announced must be
 * complete, or its first kilobyte there, before a task is bothered; one of unknown length may be a stream, whose
 * other side speaks first. HAProxy reads on after its 408 until the body ends or `timeout client` passes in silence, so that what
 * limits such connections is their number.
 */
export function renderClientLimits({ maxConnectionsPerClient, timeouts }: RenderOptions): string[] {
  return [
    `    tcp-request session track-sc0 src table ${CLIENTS}`,
    `    tcp-request session reject if { sc0_conn_cur(${CLIENTS}) gt ${maxConnectionsPerClient} }`,
    `    http-request wait-for-body time ${timeouts.httpRequest}s at-least 1k if { req.hdr(content-length) -m found }`,
  ];
}

/**
 * Rules and tasks see one spelling of every path (RFC 3986, 6.2.2): a route that is guarded is not reached by another one.
 * Encoded separators beside dots, which mean one thing to us and may mean another to a task, are refused. Most paths
 * have nothing of it, and one search tells; where it found something, each rule has its own trigger.
 */
export function renderSafePath(): string[] {
  const ambiguous = ["..%2f", "%2f..", "..%5c", "%5c..", "..\\", "\\..", "%00"];
  const patterns = ambiguous.map((part) => `'${part}'`).join(" ");
  return [
    "    http-request set-var(txn.unsafe) bool(true) if { path -m sub -- % // /. '\\' }",
    "    acl unsafe var(txn.unsafe) -m found",
    // The query may be signed as it is, and would be decoded with the path. Without `strict` HAProxy 3.0 forgets
    // the normalizer where a condition follows.
    "    http-request set-var(txn.query) query if unsafe { path_sub % }",
    "    http-request set-uri %[path] if unsafe { path_sub % }",
    "    http-request normalize-uri percent-decode-unreserved strict if unsafe { path_sub % }",
    "    http-request set-query %[var(txn.query)] if unsafe { var(txn.query) -m found }",
    "    http-request normalize-uri path-merge-slashes if unsafe { path_sub // }",
    "    http-request normalize-uri path-strip-dot if unsafe { path_sub /. }",
    "    http-request normalize-uri path-strip-dotdot full if unsafe { path_sub /.. }",
    `    http-request deny deny_status 400 if unsafe { path -m sub -- % '\\' } { path -i -m sub -- ${patterns} }`,
  ];
}
