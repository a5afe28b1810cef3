import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

import { type Log, messageOf } from "../log";
import { parseServiceName } from "../routes/parse";
import { Refusal } from "../routes/refusal";
import type { Parameters } from "../routes/service";
import type { Source } from "../routes/table";
import { type Answer, describeService } from "./answers";
import type { Configurator } from "./configurator";
import { notTaken } from "./peers";
import { type Proxy, sourceOf } from "./proxy";
import { describeTable } from "./status";

const BASE = "/v1/docker-flow-proxy/";

/** What the control API works on. */
export interface ApiOptions {
  readonly proxy: Proxy;
  readonly configurator: Configurator;
  /** Resends a path with its query to the other proxies; answers those not reached. Absent where there are none to know. */
  readonly distribute: ((path: string) => Promise<string[]>) | undefined;
  /** Whether every proxy compares its routes with the listener's, so that one that was not reached hears of it later. */
  readonly reconciles: boolean;
  /** Takes everything from the listener again. */
  readonly reloadFromListener: () => Promise<void>;
  /** Whether the listener has answered since the start. */
  readonly initialized: () => boolean;
  /** The certificates that are served, without their keys. */
  readonly certificates: () => readonly unknown[];
  readonly log: Log;
}

interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

type Handler = (parameters: Parameters, url: URL, options: ApiOptions) => Promise<Reply> | Reply;

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["reconfigure", reconfigure],
  ["remove", remove],
  ["reload", reload],
  ["config", config],
  [
    "status",
    (_parameters, _url, { configurator, certificates }) => ({
      ...json(200, {}),
      body: JSON.stringify({ ...describeTable(configurator.table), certificates: certificates() }),
    }),
  ],
  ["ping", () => json(200, { Status: "OK", Message: "", ServiceName: "" })],
  [
    "successfulinitreload",
    (_parameters, _url, { initialized }) => ({ status: initialized() ? 200 : 500, body: "" }),
  ],
]);

/** The control API: Docker Flow Proxy's paths, parameters and codes. */
export function createApi(options: ApiOptions): RequestListener {
  return (request, response) => void respond(request, response, options);
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: ApiOptions,
): Promise<void> {
  const reply = await handle(request, options).catch((error: unknown) => {
    const status = error instanceof Refusal ? error.status : 500;
    return nok(status, "", messageOf(error));
  });
  response.writeHead(reply.status, {
    "Content-Type": reply.type ?? "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(reply.body),
    "Cache-Control": "no-store",
  });
  response.end(request.method === "HEAD" ? undefined : reply.body);
}

async function handle(request: IncomingMessage, options: ApiOptions): Promise<Reply> {
  request.resume();
  const url = readUrl(request);
  const name = url?.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length) : "";
  const handler = HANDLERS.get(name.replace(/\/$/, ""));
  if (url === undefined || handler === undefined) return { status: 404, body: "not found\n" };
  return handler(readQuery(url), url, options);
}

function readUrl(request: IncomingMessage): URL | undefined {
  const target = request.url ?? "";
  return URL.canParse(target, "http://proxy") ? new URL(target, "http://proxy") : undefined;
}

/** The first value counts where a name is repeated, as in the original. */
function readQuery(url: URL): Parameters {
  const parameters = Object.create(null) as Record<string, string>;
  for (const [name, value] of url.searchParams) parameters[name] ??= value;
  return parameters;
}

async function reconfigure(parameters: Parameters, url: URL, options: ApiOptions): Promise<Reply> {
  const name = parameters["serviceName"] ?? "";
  try {
    const { service, ignored } = await options.proxy.reconfigure(parameters);
    const messages = [
      ...(await resend(parameters, url, options, sourceOf(parameters))),
      ...(ignored.length > 0 ? [`Parameters without effect: ${ignored.join(", ")}`] : []),
    ];
    return json(200, {
      ...(service === undefined ? {} : describeService(service)),
      Status: "OK",
      Message: messages.join(". "),
      ServiceName: name,
      Distribute: isTrue(parameters["distribute"]),
    });
  } catch (error) {
    if (options.configurator.table.routes.get(name)?.service.closed !== undefined) {
      // The others have the open route as well, and refuse this as we do.
      await resend(parameters, url, options, sourceOf(parameters)).catch(() => undefined);
    }
    return failed(error, name, options);
  }
}

async function remove(parameters: Parameters, url: URL, options: ApiOptions): Promise<Reply> {
  const name = parameters["serviceName"] ?? "";
  try {
    const source = options.configurator.table.routes.get(name)?.source ?? "listener";
    await options.proxy.remove(parseServiceName(parameters));
    const messages = await resend(parameters, url, options, source);
    return json(200, {
      Status: "OK",
      Message: messages.join(". "),
      ServiceName: name,
      Distribute: isTrue(parameters["distribute"]),
    });
  } catch (error) {
    return failed(error, name, options);
  }
}

/**
 * Resends the request where it asks for it. A proxy that cannot be connected to serves nobody, or will compare its routes with the
 * listener's when it can be again: it fails the answer only where the listener does not know of the route.
 * @returns what to tell the sender
 * @throws Error that names the proxies that did not take it
 */
async function resend(
  parameters: Parameters,
  url: URL,
  { distribute, reconciles }: ApiOptions,
  source: Source,
): Promise<string[]> {
  if (!isTrue(parameters["distribute"])) return [];
  if (distribute === undefined) return ["Not distributed, as MODE is not swarm"];
  const unreached = await distribute(url.pathname + url.search);
  if (unreached.length === 0) return ["Distributed to all instances"];
  if (!reconciles || source === "request") throw notTaken(unreached);
  return [
    `Distributed to all instances but ${unreached.join(", ")}, which will hear of it from the listener`,
  ];
}

async function reload(parameters: Parameters, _url: URL, options: ApiOptions): Promise<Reply> {
  try {
    if (isTrue(parameters["fromListener"])) await options.reloadFromListener();
    else await options.configurator.submit((table) => table, { force: true });
    return json(200, { Status: "OK", Message: "", ServiceName: "" });
  } catch (error) {
    return failed(error, "", options);
  }
}

function config(parameters: Parameters, _url: URL, { configurator }: ApiOptions): Reply {
  if ((parameters["type"] ?? "").toLowerCase() !== "json") {
    return { status: 200, body: withoutHashes(configurator.config) };
  }
  const services = [...configurator.table.routes].map(
    ([name, { service }]) => [name, describeService(service)] as const,
  );
  return { ...json(200, {}), body: JSON.stringify(Object.fromEntries(services)) };
}

/** A hash is as good as a password to who has time. */
function withoutHashes(config: string): string {
  return config.replace(/^( +user '[^']*' password) .*$/gm, "$1 ***");
}

function failed(error: unknown, serviceName: string, { log, configurator }: ApiOptions): Reply {
  const status = error instanceof Refusal ? error.status : 500;
  const { closed } = configurator.table.routes.get(serviceName)?.service ?? {};
  // A service that is refused is logged as such, once; a listener asks for it over and over.
  if (configurator.table.refused.get(serviceName)?.reason !== messageOf(error)) {
    log.warn("request refused", { service: serviceName, status, reason: messageOf(error) });
  }
  const note = closed === undefined ? "" : "; its routes deny everyone until that is right";
  return nok(status, serviceName, `${messageOf(error)}${note}`);
}

function nok(status: number, serviceName: string, message: string): Reply {
  return json(status, { Status: "NOK", Message: message, ServiceName: serviceName });
}

function json(status: number, body: Answer | Record<string, never>): Reply {
  return { status, type: "application/json", body: JSON.stringify(body) };
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(?:1|t|true)$/i.test(value);
}
