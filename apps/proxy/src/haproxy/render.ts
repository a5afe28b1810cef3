import { orderRules, orderServices } from "../routes/rules";
import type { RouteTable } from "../routes/table";
import { renderUsers } from "./access";
import { renderBackend } from "./backend";
import { renderErrors } from "./errors";
import { renderHttpFrontend, renderLifecycle } from "./frontend";
import type { RenderOptions } from "./options";
import { renderMetrics } from "./exporter";
import { LOG_TARGET } from "./logging";
import { renderClientTable, renderGlobalLimits } from "./limits";
import { quote } from "./quote";
import { slotsFor } from "./slots";
import { httpsAddress, renderTcp } from "./tcp";
import { renderTlsProfile } from "./tls";

/** Renders the whole haproxy.cfg. Pure: the same routes give the same text, whatever order they came in. */
export function renderConfig(table: RouteTable, options: RenderOptions): string {
  const services = [...table.routes.values()].map(({ service }) => service);
  const ordered = orderServices(services);
  const rules = orderRules(services);
  const sections = [
    renderGlobal(options),
    renderResolvers(options),
    renderDefaults(options),
    renderHttpFrontend(rules, table.loaded, httpsAddress(ordered, options), options),
    renderLifecycle(rules, table.loaded),
    renderClientTable(),
    renderMetrics(options),
    ...ordered.map(renderUsers).filter((lines) => lines.length > 0),
    ...ordered.flatMap((service) =>
      service.destinations.map((destination) =>
        renderBackend(service, destination, slotsFor(service.replicas, services.length), options),
      ),
    ),
    ...renderTcp(ordered, options),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function renderGlobal({ maxConnections, threads, stateFile }: RenderOptions): string[] {
  return [
    "global",
    `    maxconn ${maxConnections}`,
    `    nbthread ${threads}`,
    // An unlimited nofile would have HAProxy set aside gigabytes for its file descriptors.
    "    fd-hard-limit 65536",
    // With HAProxy's 512 kB a thread frees and allocates buffers all the time from some 30 requests at once on.
    "    tune.memory.hot-size 4194304",
    LOG_TARGET,
    `    server-state-file ${quote(stateFile)}`,
    // Workers replaced by a reload finish what they have, but neither for ever nor in any number.
    "    hard-stop-after 600s",
    "    mworker-max-reloads 8",
    ...renderTlsProfile(),
    ...renderGlobalLimits(),
  ];
}

/*
 * Docker answers with every task's address; more than about 30 do not fit HAProxy's default of 512 bytes. A name
 * without any task is forwarded upstream, so that answer may be of any kind: it counts after a second. Where the name server
 * does not answer at all, the addresses known stay and the checks decide.
 */
function renderResolvers({ resolver }: RenderOptions): string[] {
  return [
    "resolvers docker",
    `    nameserver docker ${resolver}`,
    "    accepted_payload_size 8192",
    "    resolve_retries 3",
    "    timeout resolve 500ms",
    "    timeout retry 500ms",
    "    hold valid 500ms",
    "    hold obsolete 0s",
    "    hold nx 1s",
    "    hold refused 30s",
    "    hold timeout 30s",
    "    hold other 30s",
  ];
}

function renderDefaults({ timeouts }: RenderOptions): string[] {
  return [
    "defaults",
    "    mode http",
    "    balance roundrobin",
    `    timeout connect ${timeouts.connect}s`,
    `    timeout client ${timeouts.client}s`,
    `    timeout server ${timeouts.server}s`,
    `    timeout queue ${timeouts.queue}s`,
    `    timeout tunnel ${timeouts.tunnel}s`,
    `    timeout http-request ${timeouts.httpRequest}s`,
    `    timeout client-hs ${timeouts.httpRequest}s`,
    `    timeout http-keep-alive ${timeouts.httpKeepAlive}s`,
    // A silent task is out after 1 s + 3 s + 0.3 s + 3 s at most. With less, a task that is merely slow, such as the only one
    // while seven others start beside it, was out, and there was none left. One that is gone refuses, or its name goes.
    "    timeout check 3s",
    // A reload must not close a kept-alive connection under a request that is on its way.
    "    option idle-close-on-response",
    // A machine that dies without a word: its connections fail after 5 s instead of `timeout server`.
    "    option srvtcpka",
    "    srvtcpka-idle 3s",
    "    srvtcpka-intvl 1s",
    "    srvtcpka-cnt 2",
    "    retries 3",
    "    option redispatch 1",
    "    retry-on conn-failure empty-response",
    "    http-reuse safe",
    "    option forwarded proto host for",
    "    load-server-state-from-file global",
    "    default-server check inter 1s fastinter 300ms downinter 1s fall 2 rise 1 pool-purge-delay 1s" +
      " resolvers docker resolve-prefer ipv4 init-addr last,none",
    ...renderErrors(),
  ];
}
