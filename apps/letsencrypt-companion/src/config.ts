import { accessSync, constants } from "node:fs";
import { cleanEnv, makeValidator } from "envalid";
import { checkPattern } from "./schedule";
import { domainSet, type DomainSet, parseList } from "./domains";
import { reason } from "./log";

/** Everything the companion can be told from outside. */
export interface Config {
  readonly sets: readonly DomainSet[];
  /** Where the CA writes to. */
  readonly email: string;
  /** The ACME directory that certificates come from. */
  readonly directoryUrl: string;
  /** A profile of the CA's, asked for where it offers it. */
  readonly profile: string | undefined;
  /** File with the CA certificates to trust when asking the directory; the system's when absent. */
  readonly caBundle: string | undefined;
  /** Cron expressions, in UTC: when certificates that are due are renewed. */
  readonly cron: readonly string[];
  /** Names under which DNS knows the proxies, each `host` or `host:port` of the control API. */
  readonly proxyAddresses: readonly string[];
  /** The port where proxies take the CA's requests. */
  readonly proxyHttpPort: number;
  /** Seconds from a first failure to the next attempt. */
  readonly retryIntervalS: number;
  /** Seconds between two comparisons of what proxies have with what they should. */
  readonly reconcileIntervalS: number;
  /** Where certificates, accounts and the state are kept. */
  readonly directory: string;
  /** For what need not outlive the container. */
  readonly runDirectory: string;
  /** Port of the API. */
  readonly port: number;
  /** Port that the proxies send challenges to. */
  readonly challengePort: number;
}

/** The environment does not describe a configuration; `problems` has one line for each variable. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`invalid environment:\n  ${problems.join("\n  ")}`);
    this.name = "ConfigError";
  }
}

/** https://letsencrypt.org/docs/acme-protocol-updates/, https://letsencrypt.org/docs/staging-environment/ */
export const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";
export const LETS_ENCRYPT_STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory";

const integer = (min: number, max: number) =>
  makeValidator<number>((input) => {
    const value = Number(input);
    if (!/^\d+$/.test(input) || value < min || value > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`);
    }
    return value;
  });

const email = makeValidator<string>((input) => {
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(input)) throw new Error("must be an e-mail address");
  return input;
});

const httpsUrl = makeValidator<string>((input) => {
  if (!URL.canParse(input) || new URL(input).protocol !== "https:") {
    throw new Error("must be an https:// URL");
  }
  return input;
});

const readable = makeValidator<string>((input) => {
  try {
    accessSync(input, constants.R_OK);
  } catch {
    throw new Error("must be a file that can be read");
  }
  return input;
});

const word = makeValidator<string>((input) => {
  if (!/^[\w.-]+$/.test(input)) throw new Error("must be one word");
  return input;
});

const text = makeValidator<string>((input) => input);

const crons = makeValidator<readonly string[]>((input) => {
  const patterns = parseList(input);
  if (patterns.length === 0) throw new Error("must have an expression");
  patterns.forEach(checkPattern);
  return patterns;
});

const addresses = makeValidator<readonly string[]>((input) => {
  const list = input.split(",").map((part) => part.trim());
  if (!list.every((part) => /^[A-Za-z0-9._-]+(:\d{1,5})?$/.test(part))) {
    throw new Error("must be a comma-separated list of hosts, or host:port");
  }
  return list;
});

const SCHEMA = {
  DOMAIN_COUNT: integer(1, 10_000)({ default: undefined }),
  CERTBOT_EMAIL: email(),
  CERTBOTMODE: text({ default: undefined }),
  CERTBOT_CRON_RENEW: crons({ default: ["0 3 * * *", "0 15 * * *"] }),
  PROXY_ADDRESS: addresses({ default: ["proxy"] }),
  PROXY_HTTP_PORT: integer(1, 65_535)({ default: 80 }),
  ACME_DIRECTORY_URL: httpsUrl({ default: undefined }),
  ACME_CA_BUNDLE: readable({ default: undefined }),
  ACME_PROFILE: word({ default: undefined }),
  RETRY_INTERVAL: integer(1, 86_400)({ default: 120 }),
  RECONCILE_INTERVAL: integer(1, 3_600)({ default: 10 }),
  LETSENCRYPT_DIR: text({ default: "/etc/letsencrypt" }),
  RUN_DIR: text({ default: "/run/companion" }),
  PORT: integer(1, 65_535)({ default: 8080 }),
  CHALLENGE_PORT: integer(1, 65_535)({ default: 80 }),
};

/**
 * Reads and checks the whole configuration.
 * @throws ConfigError naming every variable that is wrong and what it should be
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  // An empty variable is an absent one, as in the original.
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const problems = Object.keys(env)
    .filter((name) => /^(ACME|CERTBOT|DOMAIN)_/.test(name) && !isKnown(name))
    .map((name) => `${name} is not a variable of this companion: remove it or correct its name`);
  const values = cleanEnv(env, SCHEMA, {
    reporter: ({ errors }) => {
      for (const [name, { message }] of Object.entries(errors)) {
        const value = env[name];
        problems.push(
          value === undefined
            ? `${name} is not set: set it`
            : `${name} ${message}, got ${JSON.stringify(value)}: correct it or leave it out`,
        );
      }
    },
  });
  if (values.CERTBOTMODE !== undefined && values.ACME_DIRECTORY_URL !== undefined) {
    problems.push(
      "CERTBOTMODE and ACME_DIRECTORY_URL both say where certificates come from: leave one out",
    );
  }
  const sets = readSets(env, values.DOMAIN_COUNT, problems);
  if (problems.length > 0) throw new ConfigError(problems);

  return Object.freeze({
    sets,
    email: values.CERTBOT_EMAIL,
    directoryUrl:
      values.ACME_DIRECTORY_URL ??
      (values.CERTBOTMODE === undefined ? LETS_ENCRYPT : LETS_ENCRYPT_STAGING),
    profile: values.ACME_PROFILE,
    caBundle: values.ACME_CA_BUNDLE,
    cron: values.CERTBOT_CRON_RENEW,
    proxyAddresses: values.PROXY_ADDRESS,
    proxyHttpPort: values.PROXY_HTTP_PORT,
    retryIntervalS: values.RETRY_INTERVAL,
    reconcileIntervalS: values.RECONCILE_INTERVAL,
    directory: values.LETSENCRYPT_DIR,
    runDirectory: values.RUN_DIR,
    port: values.PORT,
    challengePort: values.CHALLENGE_PORT,
  });
}

const DOMAIN = /^DOMAIN_(\d+)$/;

const isKnown = (name: string): boolean => name in SCHEMA || DOMAIN.test(name);

/** The sets of DOMAIN_1, DOMAIN_2 …, in that order; what is wrong is added to the problems. */
function readSets(
  env: NodeJS.ProcessEnv,
  count: number | undefined,
  problems: string[],
): DomainSet[] {
  const names = Object.keys(env)
    .filter((name) => DOMAIN.test(name))
    .sort((a, b) => Number(DOMAIN.exec(a)?.[1]) - Number(DOMAIN.exec(b)?.[1]));
  if (names.length === 0)
    problems.push("DOMAIN_1 is not set: set it to ('a.example' 'www.a.example')");
  else if (count !== undefined && count !== names.length) {
    problems.push(`DOMAIN_COUNT is ${count}, but there are ${names.join(", ")}: correct either`);
  }
  const owners = new Map<string, string>();
  return names.flatMap((variable) => {
    try {
      const set = domainSet(parseList(env[variable] ?? "", ","));
      for (const domain of set.domains) {
        const owner = owners.get(domain);
        if (owner !== undefined) throw new Error(`has ${domain}, which ${owner} has already`);
        owners.set(domain, variable);
      }
      return [set];
    } catch (error) {
      problems.push(`${variable} ${reason(error)}: correct it`);
      return [];
    }
  });
}
