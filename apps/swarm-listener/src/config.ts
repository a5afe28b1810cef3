import { readFileSync } from "node:fs";
import { cleanEnv, makeValidator } from "envalid";

/** Whom to tell of one kind of things, and how to notice that they change. */
export interface SubjectConfig {
  readonly createUrls: readonly URL[];
  readonly removeUrls: readonly URL[];
  /** HTTP methods of the URLs, in their order; the last one serves the rest. */
  readonly createMethods: readonly string[];
  readonly removeMethods: readonly string[];
  /** Whether to follow the engine's events. */
  readonly events: boolean;
  /** Seconds between two comparisons with the swarm, events or not. */
  readonly intervalS: number;
}

/** Everything the listener can be told from outside. */
export interface Config {
  /** Where the engine's API is: `unix:///path`, `tcp://host:port` or `http://host:port`. */
  readonly dockerHost: string;
  /** The label that a service must have, with the value `true`, to be noticed. */
  readonly notifyLabel: string;
  readonly services: SubjectConfig;
  readonly nodes: SubjectConfig;
  /** Whether services that name a network are announced with where their tasks run. */
  readonly includeNodeInfo: boolean;
  /** Whether that has the tasks' addresses. */
  readonly nodeInfoWithAddress: boolean;
  /** Put before every service name, with an underscore; empty for none. */
  readonly serviceNamePrefix: string;
  /** How often a notification that was not accepted is sent again. */
  readonly retries: number;
  /** Seconds between two attempts; 0 means that there is only one. */
  readonly retryIntervalS: number;
  readonly port: number;
  /** What was asked for and is not done, one line for each variable. */
  readonly notes: readonly string[];
}

/** The environment does not describe a configuration; `problems` has one line for each variable. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`invalid environment:\n  ${problems.join("\n  ")}`);
    this.name = "ConfigError";
  }
}

/** Seconds between two comparisons where nothing else is said: what is left to find are missed events. */
const DEFAULT_INTERVAL_S = 30;

const integer = (min: number, max: number) =>
  makeValidator<number>((input) => {
    const value = Number(input);
    if (!/^\d+$/.test(input) || value < min || value > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`);
    }
    return value;
  });

/** The original reads a polling interval of 0 or less as no polling; comparing is what heals here, and goes on. */
const interval = makeValidator<number>((input) => {
  const value = Number(input);
  if (!/^-?\d+$/.test(input) || value > 86_400) {
    throw new Error("must be a whole number of seconds up to 86400");
  }
  return value > 0 ? value : DEFAULT_INTERVAL_S;
});

/** The spellings of the original's parser, Go's strconv.ParseBool. */
const boolean = makeValidator<boolean>((input) => {
  if (/^(1|t|true)$/i.test(input)) return true;
  if (/^(0|f|false)$/i.test(input)) return false;
  throw new Error("must be true or false");
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

const SCHEMA = {
  DF_DOCKER_HOST: dockerHost({ default: "unix:///var/run/docker.sock" }),
  DF_NOTIFY_LABEL: label({ default: "com.df.notify" }),
  DF_NOTIFY_CREATE_SERVICE_URL: urls({ default: [] }),
  DF_NOTIFY_REMOVE_SERVICE_URL: urls({ default: [] }),
  DF_NOTIFICATION_URL: urls({ default: [] }),
  DF_NOTIFY_CREATE_SERVICE_METHOD: methods({ default: ["GET"] }),
  DF_NOTIFY_REMOVE_SERVICE_METHOD: methods({ default: ["GET"] }),
  DF_NOTIFY_CREATE_NODE_URL: urls({ default: [] }),
  DF_NOTIFY_REMOVE_NODE_URL: urls({ default: [] }),
  DF_NOTIFY_CREATE_SERVICE_IMMEDIATELY: boolean({ default: true }),
  DF_INCLUDE_NODE_IP_INFO: boolean({ default: false }),
  DF_NODE_IP_INFO_INCLUDES_TASK_ADDRESS: boolean({ default: true }),
  DF_USE_DOCKER_SERVICE_EVENTS: boolean({ default: true }),
  DF_USE_DOCKER_NODE_EVENTS: boolean({ default: true }),
  DF_SERVICE_POLLING_INTERVAL: interval({ default: DEFAULT_INTERVAL_S }),
  DF_NODE_POLLING_INTERVAL: interval({ default: DEFAULT_INTERVAL_S }),
  DF_SERVICE_NAME_PREFIX: text({ default: "" }),
  DF_RETRY: integer(0, 1_000_000)({ default: 50 }),
  DF_RETRY_INTERVAL: integer(0, 86_400)({ default: 5 }),
  PORT: integer(1, 65_535)({ default: 8080 }),
};

/** Secrets of these names, in lower case, add URLs to the variable's. */
const SECRETS = {
  DF_NOTIFY_CREATE_SERVICE_URL: urls({ default: [] }),
  DF_NOTIFY_REMOVE_SERVICE_URL: urls({ default: [] }),
  DF_NOTIFY_CREATE_NODE_URL: urls({ default: [] }),
  DF_NOTIFY_REMOVE_NODE_URL: urls({ default: [] }),
};

/**
 * Reads and checks the whole configuration.
 * @param secretsDirectory where Docker puts the service's secrets
 * @throws ConfigError naming every variable that is wrong and what it should be
 */
export function loadConfig(
  environment: NodeJS.ProcessEnv,
  secretsDirectory = "/run/secrets",
): Config {
  const { env, spelling } = currentSpelling(environment);
  const problems = Object.keys(env)
    .filter((name) => name.startsWith("DF_") && !(name in SCHEMA))
    .map(
      (name) =>
        `${spelling(name)} is not a variable of this listener: remove it or correct its name`,
    );
  const report = ({ errors }: { errors: Readonly<Record<string, Error>> }) => {
    for (const [name, { message }] of Object.entries(errors)) {
      // URLs can hold passwords: their value is not repeated.
      const got = name.endsWith("_URL") ? "" : `, got ${JSON.stringify(env[name])}`;
      problems.push(`${spelling(name)} ${message}${got}: correct it or leave it out`);
    }
  };

  const values = cleanEnv(env, SCHEMA, { reporter: report });
  const secrets = cleanEnv(
    Object.fromEntries(
      Object.keys(SECRETS).map((name) => [name, readSecret(secretsDirectory, name)]),
    ),
    SECRETS,
    { reporter: report },
  );
  if (problems.length > 0) throw new ConfigError(problems);

  const serviceUrls = (name: "DF_NOTIFY_CREATE_SERVICE_URL" | "DF_NOTIFY_REMOVE_SERVICE_URL") => [
    ...(values[name].length > 0 ? values[name] : values.DF_NOTIFICATION_URL),
    ...secrets[name],
  ];
  const nodeUrls = (name: "DF_NOTIFY_CREATE_NODE_URL" | "DF_NOTIFY_REMOVE_NODE_URL") => [
    ...values[name],
    ...secrets[name],
  ];
  return Object.freeze({
    dockerHost: values.DF_DOCKER_HOST,
    notifyLabel: values.DF_NOTIFY_LABEL,
    services: {
      createUrls: serviceUrls("DF_NOTIFY_CREATE_SERVICE_URL"),
      removeUrls: serviceUrls("DF_NOTIFY_REMOVE_SERVICE_URL"),
      createMethods: values.DF_NOTIFY_CREATE_SERVICE_METHOD,
      removeMethods: values.DF_NOTIFY_REMOVE_SERVICE_METHOD,
      events: values.DF_USE_DOCKER_SERVICE_EVENTS,
      intervalS: values.DF_SERVICE_POLLING_INTERVAL,
    },
    nodes: {
      createUrls: nodeUrls("DF_NOTIFY_CREATE_NODE_URL"),
      removeUrls: nodeUrls("DF_NOTIFY_REMOVE_NODE_URL"),
      createMethods: ["GET"],
      removeMethods: ["GET"],
      events: values.DF_USE_DOCKER_NODE_EVENTS,
      intervalS: values.DF_NODE_POLLING_INTERVAL,
    },
    includeNodeInfo: values.DF_INCLUDE_NODE_IP_INFO,
    nodeInfoWithAddress: values.DF_NODE_IP_INFO_INCLUDES_TASK_ADDRESS,
    serviceNamePrefix: values.DF_SERVICE_NAME_PREFIX,
    retries: values.DF_RETRY,
    retryIntervalS: values.DF_RETRY_INTERVAL,
    port: values.PORT,
    notes: notesOn(env).map(([name, note]) => `${spelling(name)}=${env[name]}: ${note}`),
  });
}

/**
 * The variables that are set, with every older `DF_NOTIF_…` (the article's) under its newer name
 * `DF_NOTIFY_…`, where it wins as it does in the original. An empty variable is an absent one, as there.
 */
function currentSpelling(environment: NodeJS.ProcessEnv) {
  const set = Object.entries(environment).filter(([, value]) => value !== "");
  const older = set.filter(([name]) => name.startsWith("DF_NOTIF_"));
  const current = (name: string) => name.replace(/^DF_NOTIF_/, "DF_NOTIFY_");
  const env: Record<string, string | undefined> = Object.fromEntries(
    set.filter(([name]) => !name.startsWith("DF_NOTIF_")),
  );
  const spellings = new Map<string, string>();
  for (const [name, value] of older) {
    env[current(name)] = value;
    spellings.set(current(name), name);
  }
  return { env, spelling: (name: string) => spellings.get(name) ?? name };
}

/** What is asked for and not done, by variable. */
function notesOn(env: Readonly<Record<string, string | undefined>>): [string, string][] {
  const isFalse = (name: string) => /^(0|f|false)$/i.test(env[name] ?? "");
  const isOff = (name: string) => Number(env[name] ?? 1) <= 0;
  const notes: [string, string][] = [];
  if (isFalse("DF_NOTIFY_CREATE_SERVICE_IMMEDIATELY")) {
    notes.push([
      "DF_NOTIFY_CREATE_SERVICE_IMMEDIATELY",
      "a service is always announced at once, whether its tasks run or not",
    ]);
  }
  for (const name of ["DF_SERVICE_POLLING_INTERVAL", "DF_NODE_POLLING_INTERVAL"]) {
    if (isOff(name)) {
      notes.push([
        name,
        `comparing cannot be turned off, it is done every ${DEFAULT_INTERVAL_S} seconds`,
      ]);
    }
  }
  return notes;
}

function readSecret(directory: string, name: string): string | undefined {
  try {
    return readFileSync(`${directory}/${name.toLowerCase()}`, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
