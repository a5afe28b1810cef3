/**
 * Rate limits of a CA, kept on our side, so that no attempt is made that would be refused, or that would use up what a
 * person needs to set things right: of each allowance one is left.
 */

/** At most so many within the time, in milliseconds. */
export interface Allowance {
  readonly count: number;
  readonly withinMs: number;
}

export interface Limits {
  /** Failed validations of a host name. */
  readonly failedValidations: Allowance;
  /** Certificates for exactly the same names. */
  readonly duplicates: Allowance;
  /** Orders of the account. */
  readonly orders: Allowance;
}

/** What was used of the limits of one directory, in milliseconds since the epoch, oldest first. */
export interface Usage {
  readonly failedValidations: Readonly<Record<string, readonly number[]>>;
  readonly duplicates: Readonly<Record<string, readonly number[]>>;
  readonly orders: readonly number[];
}

export const NO_USAGE: Usage = { failedValidations: {}, duplicates: {}, orders: [] };

const HOUR_MS = 3_600_000;

/** https://letsencrypt.org/docs/rate-limits/ (June 2025); its staging environment allows more. */
const LETS_ENCRYPT: Limits = {
  failedValidations: { count: 5, withinMs: HOUR_MS },
  duplicates: { count: 5, withinMs: 7 * 24 * HOUR_MS },
  orders: { count: 300, withinMs: 3 * HOUR_MS },
};

/** The limits of a directory; of a CA that is not Let's Encrypt none are known. */
export function limitsOf(directoryUrl: string): Limits | undefined {
  return new URL(directoryUrl).hostname.endsWith(".api.letsencrypt.org") ? LETS_ENCRYPT : undefined;
}

/** What makes two certificates duplicates: the same names, in whatever order. */
const exactSet = (domains: readonly string[]): string => [...domains].sort().join(",");

/** The earliest time, in milliseconds since the epoch, at which the limits let these names be ordered; 0 for at once. */
export function earliestOrder(
  domains: readonly string[],
  usage: Usage,
  limits: Limits | undefined,
): number {
  if (limits === undefined) return 0;
  return Math.max(
    free(usage.orders, limits.orders),
    free(usage.duplicates[exactSet(domains)], limits.duplicates),
    ...domains.map((domain) => free(usage.failedValidations[domain], limits.failedValidations)),
  );
}

/** When fewer than the allowance, less the one that is left, lie within its time. */
function free(times: readonly number[] = [], { count, withinMs }: Allowance): number {
  const decisive = times.at(-(count - 1));
  return decisive === undefined ? 0 : decisive + withinMs;
}

export const withOrder = (usage: Usage, at: number): Usage => ({
  ...usage,
  orders: [...usage.orders, at],
});

export const withCertificate = (usage: Usage, domains: readonly string[], at: number): Usage => ({
  ...usage,
  duplicates: add(usage.duplicates, [exactSet(domains)], at),
});

export const withFailures = (usage: Usage, domains: readonly string[], at: number): Usage => ({
  ...usage,
  failedValidations: add(usage.failedValidations, domains, at),
});

function add(times: Usage["duplicates"], keys: readonly string[], at: number): Usage["duplicates"] {
  return { ...times, ...Object.fromEntries(keys.map((key) => [key, [...(times[key] ?? []), at]])) };
}

/** Without what no limit looks back to. */
export function forgetOld(usage: Usage, now: number): Usage {
  const recent = (times: readonly number[], { withinMs }: Allowance): number[] =>
    times.filter((time) => time > now - withinMs);
  const each = (times: Usage["duplicates"], allowance: Allowance): Usage["duplicates"] =>
    Object.fromEntries(
      Object.entries(times)
        .map(([key, all]) => [key, recent(all, allowance)] as const)
        .filter(([, all]) => all.length > 0),
    );
  return {
    failedValidations: each(usage.failedValidations, LETS_ENCRYPT.failedValidations),
    duplicates: each(usage.duplicates, LETS_ENCRYPT.duplicates),
    orders: recent(usage.orders, LETS_ENCRYPT.orders),
  };
}
