import { readFileSync } from "node:fs";
import { cleanEnv, EnvMissingError, makeValidator } from "envalid";

/** A user that an application logs in as: readWrite on its own database and nothing else. */
export interface AppUser {
  readonly name: string;
  /** Where it is authenticated, and the one database that it may read and write. */
  readonly database: string;
  readonly password: string;
}

/** Everything the keeper can be told from outside. */
export interface Config {
  /** `host:port` of every member that the set should have, in the order of their numbers. */
  readonly members: readonly string[];
  readonly setName: string;
  /** What all members share, and authenticate each other by. */
  readonly key: string;
  /** All users that should be there; others that look like the keeper's own are removed. */
  readonly users: readonly AppUser[];
  /** Where the keeper remembers that a set was formed. */
  readonly recordFile: string;
  /** Seconds between two looks at a set that needs nothing. */
  readonly intervalS: number;
  readonly port: number;
}

/** The environment does not describe a configuration; `problems` has one line for each variable. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`invalid environment:\n  ${problems.join("\n  ")}`);
    this.name = "ConfigError";
  }
}

const members = makeValidator<readonly string[]>((input) => {
  const hosts = input.split(",").map((host) => host.trim());
  if (hosts.some((host) => !/^[a-z0-9][a-z0-9.-]*:\d{1,5}$/.test(host))) {
    throw new Error("must be a comma-separated list of host:port");
  }
  if (new Set(hosts).size < hosts.length) throw new Error("must not name a member twice");
  if (hosts.length % 2 === 0) {
    throw new Error("must have an odd number of members, so that a majority survives a loss");
  }
  // "up to 7 voting members": mongodb.com/docs/manual/core/replica-set-architectures
  if (hosts.length > 7) throw new Error("must have at most 7 members, as no more can vote");
  return hosts;
});

const setName = makeValidator<string>((input) => {
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(input))
    throw new Error("must be of letters, digits, - and _");
  return input;
});

/** The letters of a keyfile: mongodb.com/docs/manual/core/security-internal-authentication */
const keyFile = makeValidator<string>((input) => {
  const key = readSecret(input).replace(/\s/g, "");
  if (!/^[A-Za-z0-9+/=]{6,1024}$/.test(key)) {
    throw new Error("must name a file with a key of 6 to 1024 base64 characters");
  }
  return key;
});

/** `name@database=passwordFile`, separated by commas. */
const users = makeValidator<readonly AppUser[]>((input) =>
  input
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const [, name, database, file] =
        /^([A-Za-z0-9_-]+)@([A-Za-z0-9_-]{1,63})=(\/.+)$/.exec(part.trim()) ?? [];
      if (!name || !database || !file) {
        throw new Error("must be a comma-separated list of name@database=/path/to/password");
      }
      if (["admin", "config", "local"].includes(database)) {
        throw new Error(`must not give ${name} the database ${database}, which is MongoDB's own`);
      }
      const password = readSecret(file).trim();
      if (password === "") throw new Error(`has no password for ${name}: ${file} is empty`);
      return { name, database, password };
    }),
);

const whole = (min: number, max: number) =>
  makeValidator<number>((input) => {
    const value = Number(input);
    if (!/^\d+$/.test(input) || value < min || value > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`);
    }
    return value;
  });

const path = makeValidator<string>((input) => {
  if (!input.startsWith("/")) throw new Error("must be an absolute path");
  return input;
});

function readSecret(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(
      `names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

/**
 * Reads and checks the whole configuration, the files that it names included.
 * @throws ConfigError naming every variable that is wrong and what it should be
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const problems: string[] = [];
  const env = cleanEnv(
    environment,
    {
      MEMBERS: members(),
      SET_NAME: setName({ default: "rs0" }),
      KEY_FILE: keyFile(),
      USERS: users({ default: [] }),
      RECORD_FILE: path({ default: "/data/record.json" }),
      INTERVAL: whole(1, 3600)({ default: 3 }),
      PORT: whole(1, 65_535)({ default: 8080 }),
    },
    {
      reporter: ({ errors }) => {
        for (const [name, error] of Object.entries<Error>({ ...errors })) {
          const got = environment[name] === undefined ? "" : `, got "${environment[name]}"`;
          const wrong = error instanceof EnvMissingError ? "is missing: set it" : error.message;
          problems.push(`${name} ${wrong}${got}`);
        }
      },
    },
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    members: env.MEMBERS,
    setName: env.SET_NAME,
    key: env.KEY_FILE,
    users: env.USERS,
    recordFile: env.RECORD_FILE,
    intervalS: env.INTERVAL,
    port: env.PORT,
  });
}
