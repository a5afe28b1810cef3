import type { FailedDomain } from "../state";

/** What certbot had to say when it obtained nothing. */
export interface Complaint {
  readonly message: string;
  /** The names that the CA could not validate, and why. */
  readonly domains: readonly FailedDomain[];
  /** Until when a CA whose rate limit was hit wants to be left alone. */
  readonly retryAfter?: Date;
}

const LONGEST_MESSAGE = 600;

/** Lines that certbot adds to every failure, and that say nothing about it. */
const ADVICE =
  /^(Saving debug log|Ask for help|See the logfile|Requesting a certificate|Renewing an existing|Account registered|Hint:|Some challenges have failed|An unexpected error occurred)/;

/** Reads what certbot printed (certbot 4.0, auth_handler.py and log.py). */
export function readComplaint(output: string): Complaint {
  const failed = /^ {2}Domain: (\S+)\n {2}Type: +(\S+)\n {2}Detail: (.*)$/gm;
  const domains = [...output.matchAll(failed)].map(([, domain = "", type = "", detail = ""]) => ({
    domain,
    type,
    detail: detail.slice(0, LONGEST_MESSAGE),
  }));
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^[- ]+$/.test(line) && !ADVICE.test(line));
  const message =
    domains.length > 0
      ? `the CA could not validate ${domains.map(({ domain }) => domain).join(", ")}`
      : (lines.at(-1) ?? "certbot said nothing");
  const retryAfter = readRetryAfter(output);
  return {
    message: message.slice(0, LONGEST_MESSAGE),
    domains,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/**
 * Whether an order failed because the CA did not take a nonce, which another one can mend. certbot leaves the error's type
 * (`badNonce`) out: its own words for it (acme/messages.py) are there, or those of Let's Encrypt's CA and of Pebble.
 */
export function isBadNonce(output: string): boolean {
  return output.includes("anti-replay nonce");
}

/** Let's Encrypt's words: `… retry after 2025-06-12 10:20:30 UTC: see https://…`. */
function readRetryAfter(output: string): Date | undefined {
  const match = /retry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d) ?(?:UTC|Z)/i.exec(output);
  const date = match === null ? undefined : new Date(`${match[1]}T${match[2]}Z`);
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}
