import { backoffMs } from "./backoff";
import { LETS_ENCRYPT, LETS_ENCRYPT_STAGING } from "./config";
import {
  earliestOrder,
  forgetOld,
  limitsOf,
  NO_USAGE,
  type Usage,
  withCertificate,
  withFailures,
  withOrder,
} from "./limits";

const HOUR = 3_600_000;
const WEEK = 7 * 24 * HOUR;
const limits = limitsOf(LETS_ENCRYPT);
const repeat = (count: number, change: (usage: Usage, i: number) => Usage): Usage =>
  Array.from({ length: count }).reduce<Usage>((usage, _, i) => change(usage, i), NO_USAGE);

test("are known of Let's Encrypt only", () => {
  expect(limits).toBeDefined();
  expect(limitsOf(LETS_ENCRYPT_STAGING)).toBe(limits);
  expect(limitsOf("https://ca.example/dir")).toBeUndefined();
  expect(limitsOf("https://acme-v02.api.letsencrypt.org.ca.example/")).toBeUndefined();
  const usage = repeat(1000, (before) => withFailures(before, ["a.example"], 0));
  expect(earliestOrder(["a.example"], usage, undefined)).toBe(0);
});

test("four failed validations of a host name within an hour, whatever set it is in", () => {
  const fail = (count: number) => repeat(count, (u, i) => withFailures(u, ["a.example"], 1000 + i));
  expect(earliestOrder(["a.example"], fail(3), limits)).toBe(0);
  expect(earliestOrder(["b.example", "a.example"], fail(4), limits)).toBe(1000 + HOUR);
  expect(earliestOrder(["a.example"], fail(6), limits)).toBe(1002 + HOUR);
  expect(earliestOrder(["b.example"], fail(4), limits)).toBe(0);
});

test("four certificates for the same names within a week", () => {
  const usage = repeat(4, (u, i) => withCertificate(u, ["a.example", "b.example"], 1000 + i));
  expect(earliestOrder(["b.example", "a.example"], usage, limits)).toBe(1000 + WEEK);
  expect(earliestOrder(["a.example"], usage, limits)).toBe(0);
});

test("299 orders within three hours", () => {
  expect(
    earliestOrder(
      ["a.example"],
      repeat(298, (u) => withOrder(u, 5)),
      limits,
    ),
  ).toBe(0);
  expect(
    earliestOrder(
      ["a.example"],
      repeat(299, (u) => withOrder(u, 5)),
      limits,
    ),
  ).toBe(5 + 3 * HOUR);
});

test("forgets what no limit looks back to", () => {
  const usage = withOrder(
    withCertificate(withFailures(NO_USAGE, ["a.example"], 0), ["a.example"], 0),
    0,
  );
  expect(forgetOld(usage, HOUR)).toEqual({
    failedValidations: {},
    duplicates: { "a.example": [0] },
    orders: [0],
  });
  expect(forgetOld(usage, WEEK)).toEqual(NO_USAGE);
});

/** Let's Encrypt's own bookkeeping: five at once, one more every twelve minutes. */
test("a name that fails for ever stays within five failures an hour, with a restart after each", () => {
  let usage = NO_USAGE;
  let now = 0;
  const attempts: number[] = [];
  for (let failures = 0; failures < 60; failures++) {
    now = Math.max(now + backoffMs(failures, 1), earliestOrder(["a.example"], usage, limits));
    attempts.push(now);
    usage = forgetOld(withFailures(usage, ["a.example"], now), now);
  }
  for (const from of attempts) {
    expect(attempts.filter((time) => time >= from && time < from + HOUR).length).toBeLessThan(5);
  }
});
