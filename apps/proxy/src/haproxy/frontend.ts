import { ACME_PATH } from "../routes/destination";
import type { Rule } from "../routes/rules";
import { backendName } from "./backend";
import { renderEdge } from "./edge";
import { encoded, number, renderAccessLog, text } from "./logging";
import type { RenderOptions } from "./options";
import { quote, quoteArgument } from "./quote";
import { renderRouting } from "./routing";
import { renderClientLimits, renderSafePath } from "./limits";
import { renderHsts, renderTlsBind } from "./tls";

/** The path that the edge's health check asks for. */
export const HEALTH_PATH = "/healthz";

/** The backend of the health page, whose one server stands for this proxy: disabled while the proxy drains. */
export const LIFECYCLE_BACKEND = "lifecycle";
export const LIFECYCLE_SERVER = "serving";

const ACCESS_LOG = [
  text("time", '[accept_date(ms),ms_utime("%Y-%m-%dT%H:%M:%S.%3NZ")]'),
  encoded("client", "ci"),
  encoded("method", "HM"),
  // As long as a name can be: the whole of it could push all that follows out of the line.
  encoded("host", "[var(txn.host),bytes(0,253)]"),
  // Without the query: that is where tokens are.
  encoded("path", "HPO"),
  encoded("protocol", "HV"),
  encoded("tls", "sslv"),
  number("status", "ST"),
  number("bytes", "B"),
  text("backend", "b"),
  text("server", "s"),
  // `%rc` has a sign where another task was tried.
  number("retries", "[txn.conn_retries]"),
  number("ms_request", "TR"),
  number("ms_queue", "Tw"),
  number("ms_connect", "Tc"),
  number("ms_response", "Tr"),
  number("ms_total", "Ta"),
  text("end", "tsc"),
  text("request_id", "ID"),
  // What the client calls its request: for its own logs to be found in ours.
  encoded("client_request_id", "[var(txn.client_request_id)]"),
];

/** What never became a request: a failed handshake, bytes that are no PROXY protocol. */
const ERROR_LOG = [
  '%(time)[date(0,ms),ms_utime("%Y-%m-%dT%H:%M:%S.%3NZ")]',
  "%(client)ci",
  "%(error)[fc_err_str]",
  "%(tls_error)[ssl_fc_err_str]",
];

/**
 * The frontend on the HTTP and HTTPS ports.
 * @param rules in the order in which they are tried
 * @param loaded whether a path without a rule is known to have none
 * @param httpsAddress what is bound for TLS
 */
export function renderHttpFrontend(
  rules: readonly Rule[],
  loaded: boolean,
  httpsAddress: string,
  options: RenderOptions,
): string[] {
  return [
    "frontend http",
    `    bind :${options.httpPort}`,
    `    bind ${httpsAddress} ${renderTlsBind(options)}`,
    "    unique-id-format '%[uuid()]'",
    ...renderAccessLog(ACCESS_LOG),
    `    error-log-format '%{+json}o ${ERROR_LOG.join(" ")}'`,
    ...renderEdge(options),
    ...renderClientLimits(options),
    ...renderSafePath(),
    "    http-request set-var(txn.host) req.hdr(host),host_only,lower,rtrim(.)",
    ...renderForwarding(),
    ...renderHealthAcls(options),
    ...renderHsts(options),
    ...renderKeepAlive(options),
    `    use_backend ${LIFECYCLE_BACKEND} if health from_checker`,
    ...renderRouting(rules, loaded, options),
  ];
}

/**
 * The backends that are the proxy's own.
 * @param rules all routes
 * @param loaded whether the proxy knows the cluster's routes
 */
export function renderLifecycle(rules: readonly Rule[], loaded: boolean): string[] {
  return [
    `backend ${LIFECYCLE_BACKEND}`,
    ...renderHealth(rules, loaded),
    `    server ${LIFECYCLE_SERVER} 127.0.0.1:1 no-check`,
    "",
    "backend not_found",
    "    http-request return status 404 default-errorfiles",
    "",
    "backend not_loaded",
    "    http-request return status 503 default-errorfiles",
  ];
}

/**
 * How long a client may keep an idle connection: less than we do, so that no request meets its end. What the app says
 * counts for our connections to it; passed on, it had clients use connections that were closed already.
 */
function renderKeepAlive({ timeouts }: RenderOptions): string[] {
  const seconds = Math.max(1, timeouts.httpKeepAlive - 1);
  return [
    `    http-after-response set-header Keep-Alive timeout=${seconds}`,
    `    http-after-response set-header Connection close if { nbsrv(${LIFECYCLE_BACKEND}) eq 0 }`,
  ];
}

/** What a client says of itself is replaced by what we see of it. */
function renderForwarding(): string[] {
  return [
    // Bytes that JSON cannot have come through HAProxy's own escaping.
    `    http-request set-var(txn.client_request_id) "req.hdr(x-request-id),bytes(0,128),regsub(${quoteArgument("[^A-Za-z0-9._:=+/@-]")},_,g)"`,
    // Many apps read `_` in a header's name as `-`. What is gone needs only be added, which costs less than to set it.
    `    http-request del-header ${quote("^(x[-_](forwarded[-_]|real[-_]ip$|request[-_]id$)|forwarded$)")} -m reg`,
    "    http-request add-header X-Forwarded-For %[src]",
    "    http-request add-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]",
    "    http-request add-header X-Forwarded-Host %[req.hdr(host)]",
    "    http-request add-header X-Forwarded-Port %[dst_port]",
    "    http-request add-header X-Request-Id %[unique-id]",
    "    http-after-response set-header X-Request-Id %[unique-id]",
  ];
}

/** Who asks for the health page: the edge, and the health check inside the container. */
function renderHealthAcls({ edgeAddresses }: RenderOptions): string[] {
  return [
    `    acl health path ${HEALTH_PATH}`,
    ...["127.0.0.1", ...edgeAddresses].map((address) => `    acl from_checker src ${address}`),
  ];
}

/**
 * The health page. The edge's check says LOCAL in its PROXY header, so that its address is its own; everyone else's is the
 * client's. A proxy that drains answers 404, by which HAProxy's `http-check disable-on-404` sends it nothing new and leaves
 * its connections alone; 503 would end them.
 */
function renderHealth(rules: readonly Rule[], loaded: boolean): string[] {
  const answer = (status: number, text: string, condition = ""): string =>
    `    http-request return status ${status} content-type text/plain string '${text}'${condition}`;
  const sight = renderSight(rules);
  return [
    "    http-request set-log-level silent",
    ...sight,
    ...(loaded
      ? [
          answer(404, "draining", ` if { nbsrv(${LIFECYCLE_BACKEND}) eq 0 }`),
          ...(sight.length > 0
            ? [answer(503, "no task of any service in sight", " if !in_sight")]
            : []),
          answer(200, "ok"),
        ]
      : [answer(503, "unavailable")]),
  ];
}

/**
 * Whether a task of any service can be reached. A machine that was away may take a minute to hear from the others again
 * where tasks run; until then its proxy has routes and nothing behind them, and would answer 503 to what another proxy serves.
 * Challenges do not count: who answers them runs beside a proxy, and is seen by a machine that sees nothing else.
 */
function renderSight(rules: readonly Rule[]): string[] {
  const seen = rules.filter(({ path }) => !path.startsWith(ACME_PATH));
  const backends = new Set(
    seen.map(({ service, destination }) => backendName(service, destination)),
  );
  return [...backends].map((name) => `    acl in_sight nbsrv(${name}) gt 0`);
}
