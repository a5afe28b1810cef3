import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";

import type { RenderOptions } from "./haproxy/options";
import { DOMAIN_ALGORITHMS, type DomainAlgorithm, type User } from "./routes/service";
import type { ParseOptions } from "./routes/parse";
import type { PortRange } from "./routes/stream";
import { parseGlobalUsers } from "./routes/users";

/** Everything the environment says, read once. Names in doc comments are the variables'. */
export interface Settings {
  /** LISTENER_ADDRESS: hosts, or host:port, of swarm-listeners; none means that routes come by request only. */
  readonly listenerAddresses: readonly string[];
  /** MODE is swarm: `distribute=true` is resent to the other proxies. */
  readonly swarm: boolean;
  /** SERVICE_NAME: the name under which DNS knows all proxies. */
  readonly serviceName: string;
  /** RELOAD_INTERVAL: milliseconds between two questions to the listener until it has answered. */
  readonly reloadIntervalMs: number;
  /** RECONCILE_INTERVAL: milliseconds between two questions after that, RELOAD_INTERVAL with REPEAT_RELOAD; 0: none. */
  readonly reconcileIntervalMs: number;
  /** CONTROL_SUBNET: the control API listens on the address in it; on all addresses when absent. */
  readonly controlSubnet: string | undefined;
  /** PORT of the control API. */
  readonly controlPort: number;
  /** DRAIN_DELAY_MS: milliseconds between «do not send me more» and the stop. */
  readonly drainDelayMs: number;
  /** STOP_TIMEOUT_MS: milliseconds that requests have to end once the stop has begun. */
  readonly stopTimeoutMs: number;
  /** MIN_RELOAD_INTERVAL_MS: milliseconds from one reload of HAProxy to the next. */
  readonly minReloadIntervalMs: number;
  /** DATA_DIR: where the last good routes are kept. */
  readonly dataDir: string;
  /** RUN_DIR: sockets and haproxy.cfg. */
  readonly runDir: string;
  /** Where Docker puts secrets; those named `cert-…` are certificates. */
  readonly secretsDir: string;
  /** COMPANION_ADDRESS: host, or host:port, of the letsencrypt-companion. */
  readonly companionAddress: string | undefined;
  readonly parse: ParseOptions;
  readonly render: RenderOptions;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where Docker puts secrets; `dfp_<variable in lower case>` there overrides the variable, as in the original. */
const SECRETS = "/run/secrets";

/**
 * Reads the environment.
 * @throws Error that names the variable and what it should be
 */
export function readSettings(
  environment: Environment,
  { secretsDir = SECRETS, cpus = 1 }: { secretsDir?: string; cpus?: number } = {},
): Settings {
  const read = (name: string): string | undefined =>
    readSecret(join(secretsDir, `dfp_${name.toLowerCase()}`)) ?? (environment[name] || undefined);
  const list = (name: string): string[] =>
    (read(name) ?? "")
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const value = read(name);
    if (value === undefined) return fallback;
    const parsed = /^\d+$/.test(value) ? Number(value) : NaN;
    if (parsed >= min && parsed <= max) return parsed;
    throw new Error(`${name} must be a whole number from ${min} to ${max}, got "${value}"`);
  };
  const flag = (name: string): boolean => {
    const value = (read(name) ?? "false").toLowerCase();
    if (value === "true" || value === "false") return value === "true";
    throw new Error(`${name} must be true or false, got "${value}"`);
  };
  const seconds = (name: string, fallback: number): number => number(name, fallback, 1, 86_400);

  const httpPort = number("HTTP_PORT", 80, 1, 65_535);
  const httpsPort = number("HTTPS_PORT", 443, 1, 65_535);
  const controlPort = number("PORT", 8080, 1, 65_535);
  const runDir = read("RUN_DIR") ?? "/run/proxy";
  const controlSubnet = read("CONTROL_SUBNET");
  if (controlSubnet !== undefined) checkNetwork("CONTROL_SUBNET", controlSubnet);
  const reloadIntervalMs = number("RELOAD_INTERVAL", 5000, 100, 3_600_000);
  const maxConnections = number("MAXCONN", 2000, 10, 30_000);
  const clientCaFile = read("CA_FILE");
  if (clientCaFile !== undefined) checkAuthorities(clientCaFile);
  const edgeAddresses = list("EDGE_ADDRESSES");
  edgeAddresses.forEach((address) => checkNetwork("EDGE_ADDRESSES", address));
  return {
    listenerAddresses: list("LISTENER_ADDRESS"),
    swarm: read("MODE") === "swarm" || read("MODE") === "service",
    serviceName: read("SERVICE_NAME") ?? "proxy",
    reloadIntervalMs,
    reconcileIntervalMs: flag("REPEAT_RELOAD")
      ? reloadIntervalMs
      : number("RECONCILE_INTERVAL", 10_000, 0, 3_600_000),
    controlSubnet,
    controlPort,
    drainDelayMs: number("DRAIN_DELAY_MS", 3000, 0, 600_000),
    stopTimeoutMs: number("STOP_TIMEOUT_MS", 25_000, 0, 3_600_000),
    minReloadIntervalMs: number("MIN_RELOAD_INTERVAL_MS", 500, 0, 60_000),
    dataDir: read("DATA_DIR") ?? "/var/lib/proxy",
    runDir,
    secretsDir,
    companionAddress: read("COMPANION_ADDRESS"),
    parse: {
      separator: read("SEPARATOR") ?? ",",
      domainAlgorithm: readAlgorithm(read("SERVICE_DOMAIN_ALGO")),
      httpPort,
      httpsPort,
      tcpPorts: list("TCP_PORTS").map((item) =>
        readPorts(item, [httpPort, httpsPort, controlPort]),
      ),
      httpsOnly: flag("HTTPS_ONLY"),
      clientCa: clientCaFile !== undefined,
      controlHosts: [
        read("SERVICE_NAME") ?? "proxy",
        ...list("LISTENER_ADDRESS"),
        ...list("COMPANION_ADDRESS"),
      ].map((address) => address.replace(/:\d+$/, "").toLowerCase()),
      users: { secretsDir, globalUsers: readUsers(read("USERS"), flag("USERS_PASS_ENCRYPTED")) },
      instanceName: flag("FILTER_PROXY_INSTANCE_NAME")
        ? (read("PROXY_INSTANCE_NAME") ?? "docker-flow")
        : undefined,
    },
    render: {
      httpPort,
      httpsPort,
      httpsPortPublic: number("HTTPS_PORT_PUBLIC", httpsPort, 1, 65_535),
      edgeAddresses,
      resolver: readResolver(read("RESOLVER")),
      timeouts: {
        connect: seconds("TIMEOUT_CONNECT", 1),
        client: seconds("TIMEOUT_CLIENT", 20),
        server: seconds("TIMEOUT_SERVER", 20),
        queue: seconds("TIMEOUT_QUEUE", 30),
        tunnel: seconds("TIMEOUT_TUNNEL", 3600),
        httpRequest: seconds("TIMEOUT_HTTP_REQUEST", 5),
        httpKeepAlive: seconds("TIMEOUT_HTTP_KEEP_ALIVE", 10),
      },
      maxConnections,
      maxConnectionsPerClient: number(
        "MAXCONN_PER_CLIENT",
        Math.ceil(maxConnections / 2),
        1,
        30_000,
      ),
      hstsMaxAge: number("HSTS_MAX_AGE", 0, 0, 10 * 365 * 86_400),
      clientCaFile,
      certificateList: join(runDir, "certificates.list"),
      metricsSocket: join(runDir, "metrics.sock"),
      threads: number("THREADS", Math.min(4, Math.max(1, cpus)), 1, 64),
      stateFile: join(runDir, "server-state"),
    },
  };
}

function readSecret(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").replace(/\n+$/, "");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function checkAuthorities(file: string): void {
  try {
    new X509Certificate(readFileSync(file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`CA_FILE must be a file of certificates as PEM, got "${file}" (${reason})`);
  }
}

function checkNetwork(name: string, value: string): void {
  const [address = "", prefix, ...rest] = value.split("/");
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const prefixOk = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  if (family === 0 || !prefixOk || rest.length > 0) {
    throw new Error(`${name}: "${value}" is neither an address nor a network such as 10.0.0.0/8`);
  }
}

function readAlgorithm(value = "hdr(host)"): DomainAlgorithm {
  if (Object.hasOwn(DOMAIN_ALGORITHMS, value)) return value as DomainAlgorithm;
  throw new Error(
    `SERVICE_DOMAIN_ALGO must be one of ${Object.keys(DOMAIN_ALGORITHMS).join(", ")}, got "${value}"`,
  );
}

function readResolver(value = "127.0.0.11:53"): string {
  const [address = "", port = "53"] = value.split(":");
  if (isIP(address) === 4 && /^\d{1,5}$/.test(port)) return `${address}:${port}`;
  throw new Error(`RESOLVER must be an address and a port, such as 127.0.0.11:53, got "${value}"`);
}

/** `6379` or `7000-7010`. */
function readPorts(value: string, taken: readonly number[]): PortRange {
  const [, first = "", last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (first === "" || range.first < 1 || range.last > 65_535 || range.first > range.last) {
    throw new Error(`TCP_PORTS must be ports such as 6379 or 7000-7010, got "${value}"`);
  }
  const own = taken.find((port) => range.first <= port && port <= range.last);
  if (own !== undefined) throw new Error(`TCP_PORTS: ${own} is a port of the proxy's own`);
  return range;
}

function readUsers(value: string | undefined, encrypted: boolean): User[] {
  return value === undefined ? [] : parseGlobalUsers(value, encrypted);
}
