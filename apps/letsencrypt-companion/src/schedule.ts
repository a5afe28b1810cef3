import { Cron } from "croner";

const DAY_MS = 86_400_000;

/** How long a certificate is valid. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * Checks a cron expression.
 * @throws Error that says what is wrong with it
 */
export function checkPattern(pattern: string): void {
  let next: Date | null;
  try {
    next = new Cron(pattern, { paused: true, timezone: "UTC" }).nextRun();
  } catch (error) {
    throw new Error(
      `must be cron expressions such as ('0 3 * * *' '0 15 * * *'); ${String(error)}`,
    );
  }
  if (next === null) throw new Error(`has the expression "${pattern}", whose time never comes`);
}

/** The first time after `after` that one of the expressions names, in UTC; undefined when there is none. */
export function nextCronRun(patterns: readonly string[], after: Date): Date | undefined {
  const runs = patterns
    .map((pattern) => new Cron(pattern, { paused: true, timezone: "UTC" }).nextRun(after))
    .filter((run) => run !== null);
  return runs.length === 0 ? undefined : new Date(Math.min(...runs.map((run) => run.getTime())));
}

/**
 * From when on a certificate should be renewed: certbot's rule (RenewableCert.should_autorenew), with a third of its
 * lifetime left, and with half where it lives less than ten days.
 */
export function renewalDue({ notBefore, notAfter }: Validity): Date {
  const lifetime = notAfter.getTime() - notBefore.getTime();
  return new Date(notAfter.getTime() - lifetime / (lifetime < 10 * DAY_MS ? 2 : 3));
}

/**
 * When a certificate is renewed: at the first cron run after it is due, but when half of the time that is left then has
 * passed at the latest, so that a rare cron run does not let it expire.
 */
export function renewalTime(validity: Validity, patterns: readonly string[]): Date {
  const due = renewalDue(validity).getTime();
  const latest = due + (validity.notAfter.getTime() - due) / 2;
  return new Date(Math.min(nextCronRun(patterns, new Date(due))?.getTime() ?? latest, latest));
}
