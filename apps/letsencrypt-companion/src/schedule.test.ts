import { checkPattern, nextCronRun, renewalDue, renewalTime } from "./schedule";

const DAY = 86_400_000;
const TWICE = ["0 3 * * *", "0 15 * * *"];
const at = (text: string): Date => new Date(`${text}Z`);
const lasting = (days: number) => ({
  notBefore: at("2026-01-01T00:00"),
  notAfter: new Date(at("2026-01-01T00:00").getTime() + days * DAY),
});

test.each([
  ["2026-01-01T00:00", "2026-01-01T03:00"],
  ["2026-01-01T03:00", "2026-01-01T15:00"],
  ["2026-01-01T15:00", "2026-01-02T03:00"],
])("after %s the next of two expressions is at %s", (after, next) => {
  expect(nextCronRun(TWICE, at(after))).toEqual(at(next));
});

test("accepts expressions with seconds, refuses what is none or never comes", () => {
  expect(nextCronRun(["*/10 * * * * *"], at("2026-01-01T00:00:05"))).toEqual(
    at("2026-01-01T00:00:10"),
  );
  expect(() => checkPattern("60 * * * *")).toThrow(/must be cron expressions such as/);
  expect(() => checkPattern("at three")).toThrow(/must be cron expressions such as/);
  expect(() => checkPattern("0 0 30 2 *")).toThrow(/never comes/);
});

test.each([
  [90, 60],
  [45, 30],
  [9, 4.5],
  [6, 3],
])("a certificate of %d days is due after %d, as certbot has it", (days, due) => {
  expect(renewalDue(lasting(days)).getTime()).toBe(lasting(days).notBefore.getTime() + due * DAY);
});

test("a certificate that is due is renewed at the next cron run", () => {
  expect(renewalTime(lasting(90), TWICE)).toEqual(at("2026-03-02T03:00"));
});

test("but half-way to its end at the latest, when cron runs are rare", () => {
  expect(renewalTime(lasting(90), ["0 0 1 1 *"])).toEqual(at("2026-03-17T00:00"));
  const minutes = { notBefore: at("2026-01-01T00:00"), notAfter: at("2026-01-01T00:04") };
  expect(renewalTime(minutes, TWICE)).toEqual(at("2026-01-01T00:03"));
});
