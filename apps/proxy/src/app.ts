import type { Server } from "node:http";

import { ownAddresses } from "./control/addresses";
import { createApi } from "./control/api";
import { Configurator } from "./control/configurator";
import { Emptiness } from "./control/emptiness";
import { fetchServices, requestNotifications } from "./control/listener";
import { distribute } from "./control/peers";
import { Proxy } from "./control/proxy";
import { startServers } from "./control/servers";
import { controlSocket } from "./control/socket";
import type { DataPlane } from "./haproxy/dataPlane";
import { renderConfig } from "./haproxy/render";
import { keepAsking } from "./lifecycle/asking";
import { drain } from "./lifecycle/drain";
import { type Log, messageOf } from "./log";
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

/**
 * Starts the proxy: HAProxy with the last good routes, the control API, and the questions to the listener.
 * @throws Error when HAProxy or the control API cannot start
 */
export async function startApp(settings: Settings, dataPlane: DataPlane, log: Log): Promise<App> {
  const render = (table: RouteTable): string => renderConfig(table, settings.render);
  const table = await lastGood(settings, dataPlane, render, log);
  const { listenerAddresses } = settings;
  await dataPlane.start(render(table));
  log.info("HAProxy runs", { routes: table.routes.size });

  const configurator = new Configurator(table, {
    dataPlane,
    render,
    save: routeKeeper(settings.dataDir),
    log,
    minReloadIntervalMs: settings.minReloadIntervalMs,
  });
  const proxy = new Proxy(configurator, settings.parse, new Emptiness({ log }));
  const synchronize = (): Promise<void> =>
    proxy.synchronize(() => fetchServices(listenerAddresses));

  let initialized = false;
  const servers = await startServers(
    createApi({
      proxy,
      configurator,
      distribute: distributor(settings),
      reloadFromListener: async () => {
        await synchronize();
        await requestNotifications(listenerAddresses);
      },
      initialized: () => initialized,
      certificates: () => [],
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

function distributor(settings: Settings): ((path: string) => Promise<void>) | undefined {
  if (!settings.swarm) return undefined;
  return (path) =>
    distribute(path, {
      serviceName: settings.serviceName,
      port: settings.controlPort,
      controlSubnet: settings.controlSubnet,
      ownAddresses,
    });
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
