import { ConfigError, LETS_ENCRYPT, LETS_ENCRYPT_STAGING, loadConfig } from "./config";

const ARTICLE = {
  DOMAIN_1: "('a.example' 'www.a.example')",
  DOMAIN_COUNT: "1",
  CERTBOT_EMAIL: "ops@a.example",
  PROXY_ADDRESS: "proxy",
  CERTBOT_CRON_RENEW: "('0 3 * * *' '0 15 * * *')",
};

function problems(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("takes the article's environment", () => {
  expect(loadConfig(ARTICLE)).toEqual({
    sets: [{ name: "a.example", domains: ["a.example", "www.a.example"] }],
    email: "ops@a.example",
    directoryUrl: LETS_ENCRYPT,
    profile: undefined,
    caBundle: undefined,
    cron: ["0 3 * * *", "0 15 * * *"],
    proxyAddresses: ["proxy"],
    proxyHttpPort: 80,
    retryIntervalS: 120,
    reconcileIntervalS: 10,
    directory: "/etc/letsencrypt",
    runDirectory: "/run/companion",
    port: 8080,
    challengePort: 80,
  });
});

test.each(["staging", "1", "yes"])("any CERTBOTMODE is staging: %s", (CERTBOTMODE) => {
  expect(loadConfig({ ...ARTICLE, CERTBOTMODE }).directoryUrl).toBe(LETS_ENCRYPT_STAGING);
});

test("takes a directory, a bundle and a profile of its own", () => {
  const own = {
    ACME_DIRECTORY_URL: "https://ca.example/dir",
    ACME_CA_BUNDLE: __filename,
    ACME_PROFILE: "shortlived",
  };
  expect(loadConfig({ ...ARTICLE, ...own, CERTBOTMODE: "" })).toMatchObject({
    directoryUrl: "https://ca.example/dir",
    caBundle: __filename,
    profile: "shortlived",
  });
});

test("several sets come in the order of their numbers, several proxies from a list", () => {
  const config = loadConfig({
    ...ARTICLE,
    DOMAIN_COUNT: "",
    DOMAIN_10: "c.example",
    DOMAIN_2: "('b.example')",
    PROXY_ADDRESS: "proxy, other:81",
  });
  expect(config.sets.map(({ name }) => name)).toEqual(["a.example", "b.example", "c.example"]);
  expect(config.proxyAddresses).toEqual(["proxy", "other:81"]);
});

test.each<[Record<string, string>, RegExp]>([
  [{ DOMAIN_1: "" }, /^DOMAIN_1 is not set/],
  [{ DOMAIN_1: "('' '')" }, /^DOMAIN_1 has "", which is not a domain/],
  [{ DOMAIN_COUNT: "2" }, /^DOMAIN_COUNT is 2, but there are DOMAIN_1/],
  [{ DOMAIN_COUNT: "", DOMAIN_2: "www.a.example" }, /^DOMAIN_2 has www.a.example, which DOMAIN_1/],
  [{ CERTBOT_EMAIL: "" }, /^CERTBOT_EMAIL is not set: set it/],
  [{ CERTBOT_EMAIL: "ops" }, /^CERTBOT_EMAIL must be an e-mail address, got "ops"/],
  [{ CERTBOT_CRON_RENEW: "('0 3 * *')" }, /^CERTBOT_CRON_RENEW must be cron expressions/],
  [{ CERTBOT_CRON_RENEW: "('0 0 31 2 *')" }, /^CERTBOT_CRON_RENEW .*never comes/],
  [{ CERTBOT_CRON_RENEW: "()" }, /^CERTBOT_CRON_RENEW must have an expression/],
  [{ PROXY_ADDRESS: "http://proxy" }, /^PROXY_ADDRESS must be a comma-separated list/],
  [{ ACME_DIRECTORY_URL: "http://ca.example/dir" }, /^ACME_DIRECTORY_URL must be an https/],
  [{ ACME_CA_BUNDLE: "/nowhere" }, /^ACME_CA_BUNDLE must be a file that can be read/],
  [{ ACME_DIRECTORY_URL: "https://ca.example", CERTBOTMODE: "x" }, /^CERTBOTMODE and ACME_/],
  [{ CERTBOT_MODE: "staging" }, /^CERTBOT_MODE is not a variable of this companion/],
  [{ RETRY_INTERVAL: "0" }, /^RETRY_INTERVAL must be a whole number from 1/],
])("refuses %j", (values, message) => {
  expect(problems({ ...ARTICLE, ...values })).toEqual([expect.stringMatching(message)]);
});

test("names everything that is wrong at once", () => {
  expect(problems({})).toHaveLength(2);
});
