import type { Companion, Cause } from "./companion";
import type { DomainSet } from "./domains";
import type { Distributor, ProxyState } from "./proxies/distributor";
import { renewalDue } from "./schedule";
import type { Failure } from "./state";
import type { Store } from "./store";

const DAY_MS = 86_400_000;

/** What there is to know of one certificate. */
export interface CertificateStatus {
  readonly name: string;
  readonly domains: readonly string[];
  /** `valid`; `failing`: the last attempts failed; `waiting`: for its route or its turn; `expired`. */
  readonly state: "valid" | "failing" | "waiting" | "expired";
  /** Why the next order is made. */
  readonly next: Cause;
  /** ISO 8601. */
  readonly nextAttempt: string;
  readonly failures: number;
  readonly lastError?: Failure;
  /** What an order waits for. */
  readonly waitingFor?: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** Days, with one decimal. */
  readonly daysLeft?: number;
  readonly issuer?: string;
  /** SHA-256, lower-case hexadecimal. */
  readonly fingerprint?: string;
}

export interface Status {
  /** Whether there is nothing that a person should look at. */
  readonly healthy: boolean;
  /** What a person should look at, a sentence each. */
  readonly problems: readonly string[];
  readonly directoryUrl: string;
  readonly certificates: readonly CertificateStatus[];
  readonly proxies: readonly ProxyState[];
}

export interface StatusSources {
  readonly sets: readonly DomainSet[];
  readonly directoryUrl: string;
  readonly companion: Pick<Companion, "plan" | "attemptsOf" | "waitsFor">;
  readonly store: Pick<Store, "get">;
  readonly distributor: Pick<Distributor, "proxies" | "error">;
}

/** Everything there is to know, as of `now` in milliseconds since the epoch. */
export function readStatus(sources: StatusSources, now = Date.now()): Status {
  const certificates = sources.sets.map((set) => ofCertificate(set, sources, now));
  const problems = [
    ...certificates.flatMap((certificate, i) => problemOf(certificate, sources, i, now)),
    ...(sources.distributor.error === undefined ? [] : [sources.distributor.error]),
    ...sources.distributor.proxies.flatMap(({ address, error }) =>
      error === undefined ? [] : [`the proxy at ${address} is without its certificates: ${error}`],
    ),
  ];
  return {
    healthy: problems.length === 0,
    problems,
    directoryUrl: sources.directoryUrl,
    certificates,
    proxies: sources.distributor.proxies,
  };
}

function ofCertificate(
  set: DomainSet,
  { companion, store }: StatusSources,
  now: number,
): CertificateStatus {
  const certificate = store.get(set.name);
  const plan = companion.plan(set);
  const attempts = companion.attemptsOf(set);
  const failures = attempts?.failures ?? 0;
  const waitingFor = companion.waitsFor(set);
  const state = (): CertificateStatus["state"] => {
    if (certificate !== undefined && certificate.notAfter.getTime() <= now) return "expired";
    if (failures > 0) return "failing";
    return certificate === undefined || waitingFor !== undefined ? "waiting" : "valid";
  };
  return {
    name: set.name,
    domains: set.domains,
    state: state(),
    next: plan.cause,
    nextAttempt: new Date(plan.at).toISOString(),
    failures,
    ...(attempts?.lastFailure === undefined ? {} : { lastError: attempts.lastFailure }),
    ...(waitingFor === undefined ? {} : { waitingFor }),
    ...(certificate === undefined
      ? {}
      : {
          notBefore: certificate.notBefore.toISOString(),
          notAfter: certificate.notAfter.toISOString(),
          daysLeft: Math.floor(((certificate.notAfter.getTime() - now) / DAY_MS) * 10) / 10,
          issuer: certificate.issuer,
          fingerprint: certificate.fingerprint,
        }),
  };
}

/** A renewal that fails while there is time is what the backoff is for; a person should know before time is short. */
function problemOf(
  { name, state, lastError, notAfter, waitingFor }: CertificateStatus,
  { store, sets }: StatusSources,
  index: number,
  now: number,
): string[] {
  const set = sets[index];
  const certificate = set === undefined ? undefined : store.get(set.name);
  const why = lastError?.message ?? waitingFor ?? "none was ordered yet";
  if (certificate === undefined) return [`${name} has no certificate: ${why}`];
  if (state === "expired") return [`${name} expired at ${notAfter}: ${why}`];
  const due = renewalDue(certificate).getTime();
  const late = due + (certificate.notAfter.getTime() - due) / 2;
  if (now > late && state !== "valid") return [`${name} expires at ${notAfter}: ${why}`];
  return [];
}
