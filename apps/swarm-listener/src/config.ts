import { readFileSync } from "node:fs";
import { cleanEnv, makeValidator } from "envalid";

/** Everything the listener can be told from outside. */
export interface Config {
  /** Where the engine's API is: `unix:///path`, `tcp://host:port` or `http://host:port`. */
  readonly dockerHost: string;
  /** The label that a service must have, with the value `true`, to be noticed. */
  readonly notifyLabel: string;
  readonly createServiceUrls: readonly URL[];
  readonly removeServiceUrls: readonly URL[];
  /** HTTP methods of the URLs, in their order; the last one serves the rest. */
  readonly createServiceMethods: readonly string[];
  readonly removeServiceMethods: readonly string[];
  /** Put before every service name, with an underscore; empty for none. */
  readonly serviceNamePrefix: string;
  /** How often a notification that was not accepted is sent again. */
  readonly retries: number;
  /** Seconds between two attempts; 0 means that there is only one. */
  readonly retryIntervalS: number;
  /** Seconds between two comparisons with the swarm, events or not. */
  readonly intervalS: number;
  readonly port: number;
  /** Variables that were set and mean nothing here. */
  readonly ignored: readonly string[];
}

/** The environment does not describe a configuration; `problems` has one line for each variable. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`invalid environment:\n  ${problems.join("\n  ")}`);
    this.name = "ConfigError";
  }
}

/**
 * Variables of Docker Flow Swarm Listener for what always is so here: services are followed by
 * events and by polling (DF_INTERVAL), and notifications do not wait for a service to converge.
 */
const IGNORED = [
  "DF_NODE_IP_INFO_INCLUDES_TASK_ADDRESS",
  "DF_NODE_POLLING_INTERVAL",
  "DF_NOTIFY_CREATE_SERVICE_IMMEDIATELY",
  "DF_SERVICE_POLLING_INTERVAL",
  "DF_USE_DOCKER_NODE_EVENTS",
  "DF_USE_DOCKER_SERVICE_EVENTS",
];

const integer = (min: number, max: number) =>
  makeValidator<number>((input) => {
    const value = Number(input);
    if (!/^\d+$/.test(input) || value < min || value > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`);
    }
    return value;
  });

const dockerHost = makeValidator<string>((input) => {
  if (!/^(unix:\/\/\/.+|(tcp|http):\/\/[^/:]+:\d+\/?)$/.test(input)) {
    throw new Error("must be unix:///path/to/socket or tcp://host:port");
  }
  return input;
});

const label = makeValidator<string>((input) => {
  if (!/^[A-Za-z0-9._/-]+(=true)?$/.test(input)) {
    throw new Error("must be the name of a label, such as com.df.notify");
  }
  return input.replace(/=true$/, "");
});

const text = makeValidator<string>((input) => input);

const urls = makeValidator<readonly URL[]>((input) =>
  input
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const url = URL.canParse(part) ? new URL(part) : undefined;
      if (url === undefined || url.protocol !== "http:") {
        throw new Error("must be a comma-separated list of http:// URLs");
      }
      return url;
    }),
);

const methods = makeValidator<readonly string[]>((input) =>
  input.split(",").map((part) => {
    const method = part.trim().toUpperCase();
    if (!/^[A-Z]+$/.test(method)) {
      throw new Error("must be a comma-separated list of HTTP methods");
    }
    return method;
  }),
);

/** Both spellings are the original's; the older one (the article's), NOTIF, wins as it does there. */
const SCHEMA = {
  DF_DOCKER_HOST: dockerHost({ default: "unix:///var/run/docker.sock" }),
  DF_NOTIFY_LABEL: label({ default: "com.df.notify" }),
  DF_NOTIF_CREATE_SERVICE_URL: urls({ default: [] }),
  DF_NOTIFY_CREATE_SERVICE_URL: urls({ default: [] }),
  DF_NOTIF_REMOVE_SERVICE_URL: urls({ default: [] }),
  DF_NOTIFY_REMOVE_SERVICE_URL: urls({ default: [] }),
  DF_NOTIFICATION_URL: urls({ default: [] }),
  DF_NOTIFY_CREATE_SERVICE_METHOD: methods({ default: ["GET"] }),
  DF_NOTIFY_REMOVE_SERVICE_METHOD: methods({ default: ["GET"] }),
  DF_SERVICE_NAME_PREFIX: text({ default: "" }),
  DF_RETRY: integer(0, 1_000_000)({ default: 50 }),
  DF_RETRY_INTERVAL: integer(0, 86_400)({ default: 5 }),
  DF_INTERVAL: integer(1, 86_400)({ default: 30 }),
  PORT: integer(1, 65_535)({ default: 8080 }),
};

/** Secrets of these names, in lower case, add URLs to the variable's. */
const SECRETS = ["DF_NOTIFY_CREATE_SERVICE_URL", "DF_NOTIFY_REMOVE_SERVICE_URL"] as const;

/**
 * Reads and checks the whole configuration.
 * @param secretsDirectory where Docker puts the service's secrets
 * @throws ConfigError naming every variable that is wrong and what it should be
 */
export function loadConfig(
  environment: NodeJS.ProcessEnv,
  secretsDirectory = "/run/secrets",
): Config {
  // An empty variable is an absent one, as in the original.
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const problems = Object.keys(env)
    .filter((name) => name.startsWith("DF_") && !(name in SCHEMA) && !IGNORED.includes(name))
    .map((name) => `${name} is not a variable of this listener: remove it or correct its name`);
  const report = ({ errors }: { errors: Readonly<Record<string, Error>> }) => {
    for (const [name, { message }] of Object.entries(errors)) {
      // URLs can hold passwords: their value is not repeated.
      const got = name.endsWith("_URL") ? "" : `, got ${JSON.stringify(env[name])}`;
      problems.push(`${name} ${message}${got}: correct it or leave it out`);
    }
  };

  const values = cleanEnv(env, SCHEMA, { reporter: report });
  const secrets = cleanEnv(
    Object.fromEntries(SECRETS.map((name) => [name, readSecret(secretsDirectory, name)])),
    {
      DF_NOTIFY_CREATE_SERVICE_URL: urls({ default: [] }),
      DF_NOTIFY_REMOVE_SERVICE_URL: urls({ default: [] }),
    },
    { reporter: report },
  );
  if (problems.length > 0) throw new ConfigError(problems);

  const firstSet = (...lists: (readonly URL[])[]) => lists.find((list) => list.length > 0) ?? [];
  return Object.freeze({
    dockerHost: values.DF_DOCKER_HOST,
    notifyLabel: values.DF_NOTIFY_LABEL,
    createServiceUrls: [
      ...firstSet(
        values.DF_NOTIF_CREATE_SERVICE_URL,
        values.DF_NOTIFY_CREATE_SERVICE_URL,
        values.DF_NOTIFICATION_URL,
      ),
      ...secrets.DF_NOTIFY_CREATE_SERVICE_URL,
    ],
    removeServiceUrls: [
      ...firstSet(
        values.DF_NOTIF_REMOVE_SERVICE_URL,
        values.DF_NOTIFY_REMOVE_SERVICE_URL,
        values.DF_NOTIFICATION_URL,
      ),
      ...secrets.DF_NOTIFY_REMOVE_SERVICE_URL,
    ],
    createServiceMethods: values.DF_NOTIFY_CREATE_SERVICE_METHOD,
    removeServiceMethods: values.DF_NOTIFY_REMOVE_SERVICE_METHOD,
    serviceNamePrefix: values.DF_SERVICE_NAME_PREFIX,
    retries: values.DF_RETRY,
    retryIntervalS: values.DF_RETRY_INTERVAL,
    intervalS: values.DF_INTERVAL,
    port: values.PORT,
    ignored: IGNORED.filter((name) => name in env),
  });
}

function readSecret(directory: string, name: string): string | undefined {
  try {
    return readFileSync(`${directory}/${name.toLowerCase()}`, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
