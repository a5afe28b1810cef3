import type { NamePattern, Service, Stream } from "../routes/service";
import { backendName, renderServers, renderTimeouts } from "./backend";
import { renderEdge } from "./edge";
import { encoded, number, renderAccessLog, text } from "./logging";
import type { RenderOptions } from "./options";
import { quote } from "./quote";
import { slotsFor } from "./slots";

/** Where TLS ends while names on the HTTPS port go elsewhere: within the process, with the client's address in front. */
const HTTPS_SOCKET = "abns@proxy-https";

const ACCESS_LOG = [
  text("time", '[accept_date(ms),ms_utime("%Y-%m-%dT%H:%M:%S.%3NZ")]'),
  encoded("client", "ci"),
  encoded("port", "fp"),
  number("bytes", "B"),
  text("backend", "b"),
  text("server", "s"),
  // With a sign where another task was tried, unless it is encoded; a connection that failed at once has no `txn`.
  encoded("retries", "rc"),
  number("ms_queue", "Tw"),
  number("ms_connect", "Tc"),
  number("ms_total", "Tt"),
  text("end", "ts"),
];

interface Way {
  readonly service: Service;
  readonly stream: Stream;
}

/** What the HTTP frontend binds for TLS: the port itself, unless names on it go elsewhere. */
export function httpsAddress(services: readonly Service[], { httpsPort }: RenderOptions): string {
  const shared = waysOf(services).some(({ stream }) => stream.srcPort === httpsPort);
  return shared ? `${HTTPS_SOCKET} accept-proxy` : `:${httpsPort}`;
}

/**
 * The sections of all TCP and SNI routes; none where there is no such route. They come last, as the defaults before them are theirs.
 * @param services in the order in which their names are tried
 */
export function renderTcp(services: readonly Service[], options: RenderOptions): string[][] {
  const ways = waysOf(services);
  if (ways.length === 0) return [];
  const ports = [...new Set(ways.map(({ stream }) => stream.srcPort))].sort((a, b) => a - b);
  return [
    renderDefaults(options),
    ...ports.map((port) =>
      renderFrontend(
        port,
        ways.filter(({ stream }) => stream.srcPort === port),
        options,
      ),
    ),
    ...(ports.includes(options.httpsPort) ? [renderHttpsBackend()] : []),
    ...[...new Set(ways.map(nameOf))].map((name) =>
      renderBackend(
        name,
        ways.filter((way) => nameOf(way) === name),
        services.length,
      ),
    ),
  ];
}

function waysOf(services: readonly Service[]): Way[] {
  return services.flatMap((service) => service.streams.map((stream) => ({ service, stream })));
}

/** No service's backend has a colon in its name. */
function nameOf({ service, stream }: Way): string {
  const { group, srcPort } = stream;
  return group === undefined ? backendName(service, stream) : `group:${group}:${srcPort}`;
}

function renderDefaults({ timeouts }: RenderOptions): string[] {
  return [
    "defaults",
    "    mode tcp",
    "    balance roundrobin",
    `    timeout connect ${timeouts.connect}s`,
    `    timeout client ${timeouts.client}s`,
    `    timeout server ${timeouts.server}s`,
    `    timeout queue ${timeouts.queue}s`,
    `    timeout tunnel ${timeouts.tunnel}s`,
    "    timeout check 800ms",
    "    option srvtcpka",
    "    srvtcpka-idle 3s",
    "    srvtcpka-intvl 1s",
    "    srvtcpka-cnt 2",
    "    retries 3",
    "    option redispatch 1",
    "    load-server-state-from-file global",
    "    default-server check inter 1s fastinter 300ms downinter 1s fall 2 rise 1" +
      " resolvers docker resolve-prefer ipv4 init-addr last,none",
  ];
}

function renderFrontend(port: number, ways: readonly Way[], options: RenderOptions): string[] {
  const clientTimeouts = ways.flatMap(({ stream }) => stream.timeoutClient ?? []);
  const nameless = ways.find(({ stream }) => stream.names.length === 0);
  const fallback =
    nameless === undefined ? (port === options.httpsPort ? "https" : undefined) : nameOf(nameless);
  const byName = ways.some(({ stream }) => stream.names.length > 0);
  return [
    `frontend tcp_${port}`,
    `    bind :${port}`,
    ...renderAccessLog(ACCESS_LOG),
    ...renderEdge(options),
    ...(clientTimeouts.length > 0 ? [`    timeout client ${Math.max(...clientTimeouts)}s`] : []),
    ...(ways.some(({ stream }) => stream.clientKeepAlive) ? ["    option clitcpka"] : []),
    ...(byName ? renderInspection() : []),
    ...ways.flatMap((way) => way.stream.names.map((name) => renderName(way, name))),
    ...(fallback === undefined ? [] : [`    default_backend ${fallback}`]),
  ];
}

/** Waits for the whole greeting of a TLS client, and not at all for who does not begin as one. */
function renderInspection(): string[] {
  return [
    "    tcp-request inspect-delay 5s",
    "    tcp-request content accept if { req.ssl_hello_type 1 }",
    "    tcp-request content accept if { req.len gt 0 } !{ req.payload(0,1) -m bin 16 }",
  ];
}

function renderName(way: Way, { match, value }: NamePattern): string {
  return `    use_backend ${nameOf(way)} if { req.ssl_sni -m ${match} -i -- ${quote(value)} }`;
}

/** Its one server is the HTTP frontend of this same process. */
function renderHttpsBackend(): string[] {
  return ["backend https", `    server https ${HTTPS_SOCKET} send-proxy-v2 no-check`];
}

function renderBackend(name: string, ways: readonly Way[], services: number): string[] {
  const balance = ways.find(({ stream }) => stream.balance !== undefined)?.stream.balance;
  const [first] = ways;
  return [
    `backend ${name}`,
    ...(balance === undefined ? [] : [`    balance ${balance}`]),
    ...(first === undefined ? [] : renderTimeouts(first.stream)),
    // Without servers nobody gets through.
    ...ways.flatMap(({ service, stream }) => {
      if (service.closed !== undefined) return [];
      const prefix = stream.group === undefined ? "task" : `${service.name}_${stream.index}_`;
      const slots = slotsFor(service.replicas, services);
      return `    ${renderServers(service, stream, prefix, slots)}`;
    }),
  ];
}
