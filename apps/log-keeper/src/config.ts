import { readFileSync } from "node:fs";
import { cleanEnv, EnvMissingError, makeValidator } from "envalid";

/** Everything the keeper can be told from outside. */
export interface Config {
  readonly elasticsearch: string;
  /** With its base path. */
  readonly kibana: string;
  /** Passwords: the superuser's, that of Kibana's own user, and that of whoever writes lines. */
  readonly passwords: {
    readonly elastic: string;
    readonly kibana: string;
    readonly writer: string;
  };
  /** How long lines are kept, as Elasticsearch writes it: `7d`. */
  readonly retention: string;
  /** Seconds between two looks. */
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

const url = makeValidator<string>((input) => {
  if (!/^https?:\/\//.test(input) || !URL.canParse(input))
    throw new Error("must be a URL with http or https");
  return input.replace(/\/$/, "");
});

/** "Passwords must be at least 6 characters long": elastic.co/docs/api, operation security-put-user */
const passwordFile = makeValidator<string>((input) => {
  const password = read(input).trim();
  if (password.length < 6)
    throw new Error("must name a file with a password of at least 6 characters");
  return password;
});

const retention = makeValidator<string>((input) => {
  if (!/^[1-9]\d{0,4}[hd]$/.test(input))
    throw new Error("must be hours or days, such as 36h or 7d");
  return input;
});

const whole = (min: number, max: number) =>
  makeValidator<number>((input) => {
    const value = Number(input);
    if (!/^\d+$/.test(input) || value < min || value > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`);
    }
    return value;
  });

function read(file: string): string {
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
      ELASTICSEARCH_URL: url({ default: "http://elasticsearch:9200" }),
      KIBANA_URL: url({ default: "http://kibana:5601" }),
      ELASTIC_PASSWORD_FILE: passwordFile(),
      KIBANA_PASSWORD_FILE: passwordFile(),
      WRITER_PASSWORD_FILE: passwordFile(),
      RETENTION: retention(),
      INTERVAL: whole(1, 3600)({ default: 15 }),
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
    elasticsearch: env.ELASTICSEARCH_URL,
    kibana: env.KIBANA_URL,
    passwords: {
      elastic: env.ELASTIC_PASSWORD_FILE,
      kibana: env.KIBANA_PASSWORD_FILE,
      writer: env.WRITER_PASSWORD_FILE,
    },
    retention: env.RETENTION,
    intervalS: env.INTERVAL,
    port: env.PORT,
  });
}
