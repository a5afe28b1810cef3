import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { hostname } from "node:os";
import path from "node:path";
import { cleanEnv, makeValidator, str } from "envalid";

/** Everything the app can be told from outside. All times are in milliseconds. */
export interface Config {
  readonly production: boolean;
  /** Where the app is mounted, without a trailing slash; `/` for the root. */
  readonly servicePath: string;
  /** The app's name in its pages and logs: the last part of the service path. */
  readonly appName: string;
  readonly port: number;
  /** Addresses whose X-Forwarded-* and X-Request-Id are believed: IPs, CIDRs or Express's names. */
  readonly trustProxy: readonly string[];
  /** How long to keep serving after readiness turned to 503, so that every proxy has noticed. */
  readonly drainDelayMs: number;
  /** How long requests in flight may take once no new ones are accepted. */
  readonly shutdownTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly logLevel: "error" | "warn" | "info" | "debug";
  /** Where log lines go beside the console; undefined for nowhere, as always outside production. */
  readonly logstash: { readonly host: string; readonly port: number } | undefined;
  /** The file that holds the database's URL; undefined to run without a database. */
  readonly databaseUrlFile: string | undefined;
  readonly taskName: string;
  readonly nodeName: string;
  readonly version: string;
}

/** The environment does not describe a configuration; `problems` has one line for each variable. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`invalid environment:\n  ${problems.join("\n  ")}`);
    this.name = "ConfigError";
  }
}

/** Express's names for address ranges (package proxy-addr). */
const RANGE_NAMES = ["loopback", "linklocal", "uniquelocal"];

/** A variable that starts like one of ours but is none is a typo, not somebody else's. */
const OWN_PREFIXES = [
  "DRAIN_",
  "KEEP_ALIVE_",
  "LOGSTASH_",
  "MONGO_",
  "SERVICE_PATH",
  "SHUTDOWN_",
  "TRUST_PROXY",
];

const integer = (min: number, max: number) =>
  makeValidator<number>((input) => {
    const value = Number(input);
    if (!/^\d+$/.test(input) || value < min || value > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`);
    }
    return value;
  });

const servicePath = makeValidator<string>((input) => {
  if (!/^(\/|(\/[A-Za-z0-9._~-]+)+)$/.test(input) || /\/\.{1,2}(\/|$)/.test(input)) {
    throw new Error("must be a path such as /app1: a leading slash, none at the end, no spaces");
  }
  return input;
});

const absolutePath = makeValidator<string>((input) => {
  if (!path.isAbsolute(input)) throw new Error("must be an absolute path");
  return input;
});

const host = makeValidator<string>((input) => {
  if (isIP(input) === 0 && !/^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/.test(input)) {
    throw new Error("must be a host name or an IP address, such as logstash");
  }
  return input;
});

const trustProxy = makeValidator<readonly string[]>((input) => {
  const ranges = input.split(",").map((range) => range.trim());
  const wrong = ranges.find((range) => !isRange(range));
  if (wrong !== undefined) {
    throw new Error(
      `must be a comma-separated list of IP addresses, CIDRs, ${RANGE_NAMES.join(", ")}` +
        ` (${JSON.stringify(wrong)} is none of them), or "none"`,
    );
  }
  return ranges.filter((range) => range !== "none");
});

function isRange(range: string): boolean {
  if (range === "none" || RANGE_NAMES.includes(range)) return true;
  const [address = "", bits, ...rest] = range.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
  );
}

/** What each variable may be and what it is when absent; `desc` ends up in the error message. */
const SCHEMA = {
  NODE_ENV: str({ choices: ["production", "development", "test"], default: "development" }),
  SERVICE_PATH: servicePath({ default: "/app1" }),
  PORT: integer(1, 65535)({ default: 8080 }),
  TRUST_PROXY: trustProxy({ default: ["10.248.0.0/20"] }),
  DRAIN_DELAY_MS: integer(0, 600_000)({ default: 5_000 }),
  SHUTDOWN_TIMEOUT_MS: integer(0, 600_000)({ default: 10_000 }),
  // Above the proxy's idle timeout, so that it is the proxy who closes an idle connection: the
  // other way round, a request on a connection that is just being closed would be reset.
  KEEP_ALIVE_TIMEOUT_MS: integer(1_000, 3_600_000)({ default: 65_000 }),
  LOG_LEVEL: str({ choices: ["error", "warn", "info", "debug"], default: "info" }),
  LOGSTASH_HOST: host({ default: undefined }),
  LOGSTASH_PORT: integer(1, 65535)({ default: 9000 }),
  MONGO_URL_FILE: absolutePath({ default: undefined }),
  TASK_NAME: str({ default: hostname() }),
  NODE_NAME: str({ default: "unknown" }),
};

/**
 * Reads and checks the whole configuration.
 * @throws ConfigError naming every variable that is wrong and what it should be
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const unknown = Object.keys(env)
    .filter((name) => !(name in SCHEMA) && OWN_PREFIXES.some((prefix) => name.startsWith(prefix)))
    .map((name) => `${name} is not a variable of this app: remove it or correct its name`);

  const values = cleanEnv(env, SCHEMA, {
    reporter: ({ errors }) => {
      const problems = Object.entries(errors).map(
        ([name, error]) =>
          `${name} ${describe(error)}, got ${JSON.stringify(env[name])}: correct it or leave it out`,
      );
      if (problems.length + unknown.length > 0) throw new ConfigError([...problems, ...unknown]);
    },
  });

  const production = values.NODE_ENV === "production";
  const { LOGSTASH_HOST: logstashHost, LOGSTASH_PORT: logstashPort } = values;
  const appName = values.SERVICE_PATH.split("/").at(-1) || "app";
  return Object.freeze({
    production,
    servicePath: values.SERVICE_PATH,
    appName,
    port: values.PORT,
    trustProxy: values.TRUST_PROXY,
    drainDelayMs: values.DRAIN_DELAY_MS,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS,
    keepAliveTimeoutMs: values.KEEP_ALIVE_TIMEOUT_MS,
    logLevel: values.LOG_LEVEL,
    logstash:
      production && logstashHost !== undefined
        ? { host: logstashHost, port: logstashPort }
        : undefined,
    databaseUrlFile: values.MONGO_URL_FILE ?? ifExists(`/run/secrets/${appName}-mongo-url`),
    taskName: values.TASK_NAME,
    nodeName: values.NODE_NAME,
    version: packageVersion(),
  });
}

const ifExists = (file: string): string | undefined => (existsSync(file) ? file : undefined);

/** envalid's own message for a value outside `choices` repeats the value; ours has it anyway. */
function describe(error: Error): string {
  const choices = /not in choices \[(.*)\]/.exec(error.message)?.[1];
  return choices === undefined ? error.message : `must be one of ${choices.split(",").join(", ")}`;
}

function packageVersion(): string {
  const file = path.join(__dirname, "../../package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
