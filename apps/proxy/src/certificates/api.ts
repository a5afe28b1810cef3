import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

import { readBody } from "../control/body";
import { type Log, messageOf } from "../log";
import { Refusal, refuse } from "../routes/refusal";
import type { Certificates } from "./certificates";

/** A certificate with the longest chain and key is far below; 413 above. */
const BODY_LIMIT = 64 * 1024;

/** What the certificates' part of the control API works on. */
export interface CertificatesApiOptions {
  readonly certificates: Certificates;
  /** Sends a PUT to every other proxy; answers those not reached. Absent where there are none to know. */
  readonly distribute: ((path: string, body: string) => Promise<string[]>) | undefined;
  /** Sends all certificates to the proxy at this address; answers how many. @throws Refusal (403) when it is no proxy */
  readonly resend: (address: string) => Promise<number>;
  readonly log: Log;
}

type Handler = (
  request: IncomingMessage,
  url: URL,
  options: CertificatesApiOptions,
) => Promise<Record<string, unknown>> | Record<string, unknown>;

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["/v1/docker-flow-proxy/cert", put],
  ["/v1/docker-flow-proxy/certs", list],
  ["/v1/docker-flow-proxy/certs/resend", resend],
]);

/** Answers what is about certificates, and hands every other request on. */
export function withCertificates(
  next: RequestListener,
  options: CertificatesApiOptions,
): RequestListener {
  return (request, response) => {
    const target = request.url ?? "";
    const url = URL.canParse(target, "http://proxy") ? new URL(target, "http://proxy") : undefined;
    const handler = HANDLERS.get((url?.pathname ?? "").replace(/\/$/, ""));
    if (url === undefined || handler === undefined) return next(request, response);
    void respond(request, response, url, handler, options);
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  handler: Handler,
  options: CertificatesApiOptions,
): Promise<void> {
  let status = 200;
  let body: Record<string, unknown>;
  try {
    body = { Status: "OK", Message: "", ...(await handler(request, url, options)) };
  } catch (error) {
    status = error instanceof Refusal ? error.status : 500;
    const reason = messageOf(error);
    const name = url.searchParams.get("certName") ?? "";
    options.log.warn("request refused", { certificate: name, status, reason });
    body = { Status: "NOK", Message: reason };
  }
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    // What is left of a body that was refused is not read.
    ...(request.complete ? {} : { Connection: "close" }),
  });
  response.end(text);
}

async function put(
  request: IncomingMessage,
  url: URL,
  { certificates, distribute }: CertificatesApiOptions,
): Promise<Record<string, unknown>> {
  if (request.method !== "PUT" && request.method !== "POST") {
    throw new Refusal(405, "a certificate comes by PUT, with the PEM as the body");
  }
  const name = url.searchParams.get("certName") ?? "";
  if (name === "") refuse("certName is mandatory");
  const text = await readBody(request, BODY_LIMIT);
  if (text.trim() === "") refuse("the body is empty (PEM: certificate, chain, key)");
  const outcome = await certificates.put(name, text, { ifNewer: isTrue(url, "ifNewer") });
  const messages: string[] = [OUTCOMES[outcome]];
  if (isTrue(url, "distribute")) {
    if (distribute === undefined) messages.push("Not distributed, as MODE is not swarm");
    else {
      const unreached = await distribute(url.pathname + url.search, text);
      // Proxies ask one another for what they lack, at the start and ever again.
      const others =
        unreached.length > 0 ? ` but ${unreached.join(", ")}, which will ask for it` : "";
      messages.push(`Distributed to all instances${others}`);
    }
  }
  return { Message: messages.join(". "), CertName: name };
}

const OUTCOMES = {
  added: "Added",
  replaced: "Replaced",
  unchanged: "Unchanged",
  older: "Left out, as the one of this name was issued later",
} as const;

/** The original answered with the keys; here are only things that every client may see. */
function list(
  _request: IncomingMessage,
  _url: URL,
  { certificates }: CertificatesApiOptions,
): Record<string, unknown> {
  return {
    Certs: certificates.status().map((status) => ({ ProxyServiceName: status.name, ...status })),
  };
}

async function resend(
  request: IncomingMessage,
  _url: URL,
  options: CertificatesApiOptions,
): Promise<Record<string, unknown>> {
  // A dual-stack socket has IPv4 addresses as `::ffff:10.0.0.1`.
  const address = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  return { sent: await options.resend(address) };
}

function isTrue(url: URL, name: string): boolean {
  return /^(?:1|t|true)$/i.test(url.searchParams.get(name) ?? "");
}
