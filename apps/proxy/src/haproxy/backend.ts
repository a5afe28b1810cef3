import { createHash } from "node:crypto";
import { isIP } from "node:net";

import { HEADER_EXPRESSIONS } from "../routes/headers";
import type { Destination, HeaderChange, Rewrite, Service, Stream } from "../routes/service";
import { renderAccess } from "./access";
import type { RenderOptions } from "./options";
import { quote, quoteArgument, quoteFormat } from "./quote";

/** Methods that may be sent again when a task died over them (RFC 9110, 9.2.2). */
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/** Addresses of a host outside of the service that are used at most. */
const HOST_SLOTS = 4;

/**
 * A destination's backend. The port is part of the name: another port makes another backend, which must not take over
 * the server states of the old one.
 */
export function backendName(service: Service, destination: Destination | Stream): string {
  const { port, index } = destination;
  const twin = "isHttpsTwin" in destination && destination.isHttpsTwin ? "_https" : "";
  return `${service.name}-be${port}_${index}${twin}`;
}

/** Follows the service's tasks by DNS and sends requests to those that are ready. */
export function renderBackend(
  service: Service,
  destination: Destination,
  slots: number,
  options: RenderOptions,
): string[] {
  const { healthPath, rewrites, tls } = destination;
  return [
    `backend ${backendName(service, destination)}`,
    ...(service.connectionMode === undefined ? [] : [`    option ${service.connectionMode}`]),
    ...(healthPath === undefined ? [] : renderHttpCheck(service, healthPath)),
    ...renderTimeouts(destination),
    ...renderCompression(service),
    ...renderAccess(service, destination, options),
    ...service.headers.map(renderHeaderChange),
    ...rewrites.map(renderRewrite),
    // A rewrite may have taken the slash that a path begins with.
    ...(rewrites.length > 0 ? ["    http-request set-path /%[path] unless { path_beg / }"] : []),
    `    http-request disable-l7-retry unless { method ${IDEMPOTENT.join(" ")} }`,
    ...(service.sticky ? renderSession(service) : []),
    `    ${renderServers(service, destination, "task", slots)}${tls ? " ssl verify none alpn http/1.1" : ""}`,
  ];
}

/** The servers of one way into a service. @param prefix what their names begin with */
export function renderServers(
  service: Service,
  { port, host }: Destination | Stream,
  prefix: string,
  slots: number,
): string {
  if (host === undefined) return `server-template ${prefix} ${slots} tasks.${service.name}:${port}`;
  if (isIP(host)) return `server ${prefix}1 ${host}:${port}`;
  return `server-template ${prefix} ${HOST_SLOTS} ${host}:${port}`;
}

export function renderTimeouts({ timeoutServer, timeoutTunnel }: Destination | Stream): string[] {
  return [
    ...(timeoutServer === undefined ? [] : [`    timeout server ${timeoutServer}s`]),
    ...(timeoutTunnel === undefined ? [] : [`    timeout tunnel ${timeoutTunnel}s`]),
  ];
}

function renderHttpCheck(service: Service, healthPath: string): string[] {
  return [
    "    option httpchk",
    `    http-check send meth GET uri ${quote(healthPath)} ver HTTP/1.1 hdr Host ${quote(service.name)}`,
    "    http-check expect status 200-399",
  ];
}

function renderCompression({ compression }: Service): string[] {
  if (compression === undefined) return [];
  const { algorithm, types } = compression;
  return [
    `    compression algo ${algorithm}`,
    ...(types.length > 0 ? [`    compression type ${types.join(" ")}`] : []),
  ];
}

function renderHeaderChange({ of, action, name, value, scheme }: HeaderChange): string {
  const text = action === "del" ? "" : ` ${quoteFormat(value, HEADER_EXPRESSIONS)}`;
  const condition = { http: " if !{ ssl_fc }", https: " if { ssl_fc }", any: "" }[scheme ?? "any"];
  return `    http-${of} ${action}-header ${quote(name)}${text}${condition}`;
}

function renderRewrite({ search, replace }: Rewrite): string {
  return `    http-request set-path "%[path,regsub(${quoteArgument(search)},${quoteArgument(replace)})]"`;
}

/**
 * The cookie says which task a session began with: a digest of its address, the same from every proxy. A task that is gone is
 * replaced, and the cookie with it.
 */
function renderSession({ name }: Service): string[] {
  const key = createHash("sha256").update(`sessions of ${name}`).digest("hex").slice(0, 32);
  return [
    `    cookie ${quote(name)} insert indirect nocache httponly attr SameSite=Lax dynamic`,
    `    dynamic-cookie-key ${key}`,
  ];
}
