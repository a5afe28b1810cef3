import type { Server } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { withCertificates } from "./certificates/api";
import { Certificates } from "./certificates/certificates";
import { askForCertificates, keepCertificatesEqual, sendAll } from "./certificates/resend";
import { ownAddresses } from "./control/addresses";
import { createApi } from "./control/api";
import { Configurator } from "./control/configurator";
import { Emptiness } from "./control/emptiness";
import { Hosts } from "./control/hosts";
import { fetchServices, requestNotifications } from "./control/listener";
import { distribute, type PeerOptions } from "./control/peers";
import { Proxy } from "./control/proxy";
import { startServers } from "./control/servers";
import { controlSocket } from "./control/socket";
import type { DataPlane } from "./haproxy/dataPlane";
import { readHaproxyMetrics } from "./haproxy/exporter";
import { renderConfig } from "./haproxy/render";
import { keepAsking } from "./lifecycle/asking";
import { drain } from "./lifecycle/drain";
import { type Log, messageOf } from "./log";
import { Metrics } from "./metrics/metrics";
import { loadRoutes, routeKeeper } from "./routes/disk";
import { EMPTY_TABLE, type RouteTable } from "./routes/table";
import type { Settings } from "./settings";

/** A proxy that runs. */
export interface App {
  /** Drains and stops; the same promise however often it is called. */
  stop(): Promise<void>;
  /** Where the control API listens, for tests that let the system choose the port. */
  readonly servers: readonly Server[];
}

/** How long a proxy without certificates is not ready, in milliseconds, while it asks others for theirs. */
const CERTIFICATES_WAIT_MS = 5_000;

/**
 * Starts the proxy: HAProxy with the last good routes, the control API, and the questions to the listener.
 * @throws Error when HAProxy or the control API cannot start
 */
export async function startApp(settings: Settings, haproxy: DataPlane, log: Log): Promise<App> {
  const metrics = new Metrics();
  const dataPlane = metrics.meter(haproxy);
  const certificates = await Certificates.load({
    dataDir: join(settings.dataDir, "certificates"),
    servedDir: join(settings.runDir, "certificates"),
    listFile: settings.render.certificateList,
    secretsDir: settings.secretsDir,
    check: (listFile) => dataPlane.checkCertificates(listFile),
    replace: (file, pem) => dataPlane.replaceCertificate(file, pem),
    reload: () => configurator.submit((table) => table, { force: true }),
    log,
  });
  const peers = peerOptions(settings);
  const { companionAddress } = settings;
  const mustAsk = certificates.empty && (peers ?? companionAddress) !== undefined;

  const render = (table: RouteTable): string => renderConfig(table, settings.render);
  const table = await lastGood(settings, dataPlane, render, log);
  const { listenerAddresses } = settings;
  await dataPlane.start(render(table), !mustAsk);
  log.info("HAProxy runs", { routes: table.routes.size });

  const configurator = new Configurator(table, {
    dataPlane,
    render,
    save: routeKeeper(settings.dataDir),
    log,
    minReloadIntervalMs: settings.minReloadIntervalMs,
  });
  const proxy = new Proxy(
    configurator,
    settings.parse,
    new Emptiness({ log }),
    new Hosts({ controlSubnet: settings.controlSubnet, ownAddresses }),
  );
  const synchronize = (): Promise<void> =>
    proxy.synchronize(() => fetchServices(listenerAddresses));

  let initialized = false;
  const api = withCertificates(
    createApi({
      proxy,
      configurator,
      distribute: distributor(peers),
      reconciles: listenerAddresses.length > 0 && settings.reconcileIntervalMs > 0,
      reloadFromListener: async () => {
        await synchronize();
        await requestNotifications(listenerAddresses);
      },
      initialized: () => initialized,
      certificates: () => certificates.status(),
      log,
    }),
    {
      certificates,
      distribute: distributor(peers),
      resend: (address) => sendAll(address, certificates, peers),
      log,
    },
  );
  const servers = await startServers(
    metrics.serve(api, {
      certificates: () => certificates.status(),
      routes: () => configurator.table.routes.size,
      haproxy: (query) => readHaproxyMetrics(settings.render.metricsSocket, query),
      log,
    }),
    {
      port: settings.controlPort,
      controlSubnet: settings.controlSubnet,
      ownAddresses,
      socketPath: controlSocket(settings.runDir),
    },
  );

  const asking = new AbortController();
  if (listenerAddresses.length > 0) {
    void keepAsking({
      ask: async () => {
        await synchronize();
        if (!initialized) log.info("the listener has answered", { listenerAddresses });
        initialized = true;
      },
      retryMs: settings.reloadIntervalMs,
      repeatMs: settings.reconcileIntervalMs,
      signal: asking.signal,
      log,
    });
  }

  const asked = { certificates, peers, companionAddress, signal: asking.signal, log };
  const answered = askForCertificates(asked);
  void answered.then(() => keepCertificatesEqual(asked));
  if (mustAsk) {
    void Promise.race([answered, sleep(CERTIFICATES_WAIT_MS, undefined, { signal: asking.signal })])
      .then(() => dataPlane.setServing(true))
      .catch((error: unknown) => {
        if (!asking.signal.aborted) log.error("cannot serve", { error: messageOf(error) });
      });
  }

  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    asking.abort();
    return drain({
      dataPlane,
      drainDelayMs: settings.drainDelayMs,
      stopTimeoutMs: settings.stopTimeoutMs,
      closeControl: async () => {
        await Promise.all([closeAll(servers), configurator.close()]);
      },
      log,
    });
  };
  return { servers, stop: () => (stopping ??= stop()) };
}

/** The routes kept on disk, unless HAProxy would refuse them; without a listener they are all there is to know. */
async function lastGood(
  settings: Settings,
  dataPlane: DataPlane,
  render: (table: RouteTable) => string,
  log: Log,
): Promise<RouteTable> {
  const empty = { ...EMPTY_TABLE, loaded: settings.listenerAddresses.length === 0 };
  const table = await loadRoutes(settings.dataDir, settings.parse, log);
  if (table.routes.size === 0) return empty;
  const complaint = await dataPlane.check(render(table)).catch(messageOf);
  if (complaint === undefined) return table;
  log.error("HAProxy refuses the kept routes; starting without", { error: complaint });
  return empty;
}

/** How the other proxies are found; undefined where there are none to know. */
function peerOptions(settings: Settings): PeerOptions | undefined {
  if (!settings.swarm) return undefined;
  const { serviceName, controlPort, controlSubnet } = settings;
  return { serviceName, port: controlPort, controlSubnet, ownAddresses };
}

function distributor(
  peers: PeerOptions | undefined,
): ((path: string, body?: string) => Promise<string[]>) | undefined {
  return peers && ((path, body) => distribute(path, peers, body));
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map((server) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 1000).unref();
      return closed;
    }),
  );
}
