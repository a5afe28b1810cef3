import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, ListenOptions } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { DataPlane, Exit } from "../src/haproxy/dataPlane";
import { createLog, type Log } from "../src/log";
import { parseService } from "../src/routes/parse";
import type { Parameters } from "../src/routes/service";
import { toRoute } from "../src/routes/route";
import { EMPTY_TABLE, type RouteTable, settle, type Source, withRoute } from "../src/routes/table";
import { readSettings, type Settings } from "../src/settings";

/** Stands in for HAProxy: remembers what it was asked, and refuses what contains a marker. */
export class FakeDataPlane implements DataPlane {
  /** `start`, `check`, `reload`, `serving true`, `stop 100`, in order. */
  readonly calls: string[] = [];
  /** Configurations that it was told to run, oldest first. */
  readonly loaded: string[] = [];
  /** A configuration with this text is refused by check. */
  refusing: string | undefined;
  /** A configuration with this text passes the check and fails to load. */
  failing: string | undefined;
  /** Reloads wait for it. */
  gate: Promise<void> = Promise.resolve();
  readonly exited: Promise<Exit> = new Promise(() => undefined);

  check(config: string): Promise<string | undefined> {
    this.calls.push("check");
    const refused = this.refusing !== undefined && config.includes(this.refusing);
    return Promise.resolve(refused ? `unknown keyword '${this.refusing}'` : undefined);
  }

  /** A PEM file with this text is refused by checkCertificates. */
  refusingCertificate: string | undefined;
  /** Certificates that it was told to replace, by file; refuses when undefined. */
  replaced: Map<string, string> | undefined = new Map();

  checkCertificates(listFile: string): Promise<string | undefined> {
    const files = readFileSync(listFile, "utf8").trim().split("\n");
    const refused = files
      .map((line) => readFileSync(line.split(" ")[0] ?? "", "utf8"))
      .some(
        (pem) => this.refusingCertificate !== undefined && pem.includes(this.refusingCertificate),
      );
    return Promise.resolve(refused ? "unable to load certificate" : undefined);
  }

  replaceCertificate(file: string, pem: string): Promise<boolean> {
    this.calls.push("replace");
    this.replaced?.set(file, pem);
    return Promise.resolve(this.replaced !== undefined);
  }

  start(config: string, serving = true): Promise<void> {
    this.calls.push(serving ? "start" : "start unready");
    this.loaded.push(config);
    return Promise.resolve();
  }

  async reload(config: string): Promise<void> {
    this.calls.push("reload");
    await this.gate;
    if (this.failing !== undefined && config.includes(this.failing)) throw new Error("no bind");
    this.loaded.push(config);
  }

  setServing(serving: boolean): Promise<void> {
    this.calls.push(`serving ${serving}`);
    return Promise.resolve();
  }

  stop(timeoutMs: number): Promise<void> {
    this.calls.push(`stop ${timeoutMs}`);
    return Promise.resolve();
  }
}

/** A log that keeps its lines. */
export function memoryLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: createLog((line) => lines.push(line)), lines };
}

const folders: string[] = [];
const servers: Server[] = [];

/** Closes and removes what the functions below made; for afterEach. */
export async function cleanUp(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

/** A folder of the test's own. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "proxy-test-"));
  folders.push(folder);
  return folder;
}

/** A server on loopback; answers its port. */
export async function serve(
  listener: RequestListener,
  { host = "127.0.0.1", port = 0 } = {},
): Promise<number> {
  const server = await listen(listener, { host, port });
  return (server.address() as AddressInfo).port;
}

/** A server on a Unix socket. */
export async function serveSocket(listener: RequestListener, path: string): Promise<void> {
  await listen(listener, { path });
}

async function listen(listener: RequestListener, where: ListenOptions): Promise<Server> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(where);
  await once(server, "listening");
  return server;
}

/** Settings of a proxy in a folder of its own, with a control API on a free port. */
export function testSettings(environment: Record<string, string> = {}): Settings {
  const folder = temporaryFolder();
  const settings = readSettings(
    { DATA_DIR: join(folder, "data"), RUN_DIR: folder, DRAIN_DELAY_MS: "0", ...environment },
    { secretsDir: join(folder, "secrets"), cpus: 2 },
  );
  return { ...settings, controlPort: 0, minReloadIntervalMs: 0 };
}

export const PARSE = readSettings(
  { TCP_PORTS: "6379,7000-7009" },
  { secretsDir: "/nonexistent" },
).parse;
export const RENDER = {
  ...readSettings({}, { secretsDir: "/nonexistent", cpus: 2 }).render,
  edgeAddresses: ["172.20.0.2"],
};

/** The label set of the article, as the listener turns it into parameters. */
export const APP1: Parameters = {
  serviceName: "app1",
  notify: "true",
  distribute: "true",
  serviceDomain: "",
  servicePath: "/app1",
  port: "8080",
  replicas: "3",
};

/** A table with these services. */
export function tableOf(services: readonly Parameters[], source: Source = "request"): RouteTable {
  return services.reduce<RouteTable>(
    (table, parameters) => {
      const { service } = parseService(parameters, PARSE);
      return settle(withRoute(toRoute(service, parameters, source))(table));
    },
    { ...EMPTY_TABLE, loaded: true },
  );
}

/** Waits until an expectation holds. */
export async function eventually(expectation: () => void | Promise<void>): Promise<void> {
  const deadline = Date.now() + 4000;
  for (;;) {
    try {
      await expectation();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(5);
    }
  }
}
