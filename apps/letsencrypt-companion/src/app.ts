import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import type { Server } from "node:http";
import { join } from "node:path";
import { certbot, type Obtain } from "./acme/certbot";
import { createApi } from "./api";
import { ChallengeServer } from "./challenge";
import { Companion } from "./companion";
import type { Config } from "./config";
import type { Log } from "./log";
import { createMetrics } from "./metrics";
import { Distributor } from "./proxies/distributor";
import { findProxies, type Resolve } from "./proxies/find";
import { routeCheck } from "./proxies/routed";
import { State } from "./state";
import { readStatus, type Status } from "./status";
import { Store } from "./store";

/** A companion that runs. */
export interface App {
  readonly status: () => Status;
  /** Of the API and of the challenges, for tests that let the system choose the ports. */
  readonly servers: { readonly api: Server; readonly challenges: Server };
  /** Ends the order under way and stops. */
  stop(): Promise<void>;
}

/** What tests put in the place of the world. */
export interface World {
  readonly obtain?: Obtain;
  readonly resolve?: Resolve;
}

/**
 * Puts the companion together and starts it.
 * @throws Error when a port is taken, or the folders cannot be read and written
 */
export async function startApp(config: Config, log: Log, world: World = {}): Promise<App> {
  const { sets, directoryUrl, directory } = config;
  const own = join(directory, "companion");
  await mkdir(own, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new Error(
      `${directory} cannot be written (${String(error)}): give it to user ${process.getuid?.()}`,
    );
  });
  const webroot = join(config.runDirectory, "webroot");
  await mkdir(webroot, { recursive: true, mode: 0o700 });

  const state = await State.load(join(own, "state.json"), log);
  const names = sets.map(({ name }) => name);
  const store = await Store.load(join(own, "certificates"), names, log);
  const find = () => findProxies(config.proxyAddresses, world.resolve);
  const distributor = new Distributor({ find, certificates: () => store.valid(), log });
  const challenges = new ChallengeServer(webroot, log);
  const companion = new Companion({
    ...{ sets, directoryUrl, directory, state, store, log },
    cron: config.cron,
    retryMs: config.retryIntervalS * 1_000,
    obtain: world.obtain ?? certbot({ ...config, configDirectory: directory, webroot, log }),
    checkRoute: routeCheck({ find, httpPort: config.proxyHttpPort, challenges }),
    onCertificate: () => distributor.reconcile(),
  });
  const status = (): Status => readStatus({ sets, directoryUrl, companion, store, distributor });
  const api = createApi({
    ...{ status, distributor, log },
    metrics: createMetrics({ status, companion, distributor }),
  });

  await listen(challenges.server, config.challengePort);
  await listen(api, config.port);
  companion.start();
  const reconciling = setInterval(
    () => void distributor.reconcile(),
    config.reconcileIntervalS * 1_000,
  );
  void distributor.reconcile();

  return {
    status,
    servers: { api, challenges: challenges.server },
    async stop() {
      clearInterval(reconciling);
      await companion.stop();
      for (const server of [api, challenges.server]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port);
  await once(server, "listening");
}
