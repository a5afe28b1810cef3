/** What someone would write by hand for a few services: the configurations that the proxy is compared with. */

/** A backend: its path, and its tasks' addresses. */
export interface Upstream {
  readonly path: string;
  readonly addresses: readonly string[];
  readonly port: number;
}

/**
 * Paths to tasks, and no more than HAProxy needs to be told for that: its own log line, one forwarding header.
 * @param bind what the frontend listens on
 */
export function bare(bind: string, upstreams: readonly Upstream[]): string {
  return `global
  log stdout format raw local0
  maxconn 2000

defaults
  mode http
  log global
  option httplog
  option forwardfor
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  default-server check

frontend http
  bind ${bind}
  http-request return status 200 if { path /healthz }
${renderRules(upstreams)}

${renderBackends(upstreams)}`;
}

/**
 * The same service as the proxy's: the fields of its log, a request id, forwarding headers that no client can forge, limits,
 * retries. What a known, static set of services does without is left out: one spelling of paths and hosts, a health page
 * for the edge alone, names instead of addresses, metrics, TLS.
 * @param bind what the frontend listens on
 */
export function likeForLike(bind: string, upstreams: readonly Upstream[]): string {
  return `global
  log stdout len 8192 format raw local0
  maxconn 2000

defaults
  mode http
  log global
  option dontlognull
  log-format '%{+json}o %(time)[accept_date(ms),ms_utime("%Y-%m-%dT%H:%M:%S.%3NZ")] %(client)ci %(method)HM %(host)[var(txn.host)] %(path)HPO %(protocol)HV %(tls)sslv %(status)ST %(bytes)B %(backend)b %(server)s %(retries)rc %(ms_request)TR %(ms_queue)Tw %(ms_connect)Tc %(ms_response)Tr %(ms_total)Ta %(end)tsc %(request_id)ID %(client_request_id)[var(txn.client_request_id)]'
  timeout connect 1s
  timeout client 20s
  timeout server 20s
  timeout queue 30s
  timeout http-request 5s
  timeout http-keep-alive 10s
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response
  default-server check inter 1s fall 2 rise 1

frontend http
  bind ${bind}
  unique-id-format %[uuid()]
  tcp-request session track-sc0 src table clients
  tcp-request session reject if { sc0_conn_cur(clients) gt 1000 }
  http-request return status 200 if { path /healthz }
  http-request set-var(txn.host) req.hdr(host)
  http-request set-var(txn.client_request_id) req.hdr(x-request-id)
  http-request del-header ^x-forwarded- -m reg
  http-request del-header forwarded
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  http-request set-header X-Request-Id %[unique-id]
  http-response set-header X-Request-Id %[unique-id]
  http-request disable-l7-retry unless { method GET HEAD OPTIONS TRACE PUT DELETE }
${renderRules(upstreams)}

backend clients
  stick-table type ipv6 size 100k expire 10s store conn_cur

${renderBackends(upstreams)}`;
}

function renderRules(upstreams: readonly Upstream[]): string {
  return upstreams.map(({ path }, i) => `  use_backend b${i} if { path_beg ${path} }`).join("\n");
}

function renderBackends(upstreams: readonly Upstream[]): string {
  return upstreams
    .map(({ addresses, port }, i) =>
      [
        `backend b${i}`,
        ...addresses.map((address, n) => `  server s${n} ${address}:${port}`),
        "",
      ].join("\n"),
    )
    .join("\n");
}
