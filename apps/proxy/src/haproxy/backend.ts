import type { Destination, Service } from "../routes/service";
import { quote } from "./quote";

/** Methods that may be sent again when a task died over them (RFC 9110, 9.2.2). */
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/**
 * A destination's backend. The port is part of the name: another port makes another backend, which must not take over
 * the server states of the old one.
 */
export function backendName(service: Service, { port, index }: Destination): string {
  return `${service.name}-be${port}_${index}`;
}

/** Follows the service's tasks by DNS and sends requests to those that are ready. */
export function renderBackend(service: Service, destination: Destination, slots: number): string[] {
  const { healthPath, timeoutServer, timeoutTunnel, port } = destination;
  return [
    `backend ${backendName(service, destination)}`,
    ...(healthPath === undefined ? [] : renderHttpCheck(service, healthPath)),
    ...(timeoutServer === undefined ? [] : [`    timeout server ${timeoutServer}s`]),
    ...(timeoutTunnel === undefined ? [] : [`    timeout tunnel ${timeoutTunnel}s`]),
    `    http-request disable-l7-retry unless { method ${IDEMPOTENT.join(" ")} }`,
    `    server-template task ${slots} tasks.${service.name}:${port}`,
  ];
}

function renderHttpCheck(service: Service, healthPath: string): string[] {
  return [
    "    option httpchk",
    `    http-check send meth GET uri ${quote(healthPath)} ver HTTP/1.1 hdr Host ${quote(service.name)}`,
    "    http-check expect status 200-399",
  ];
}
