import type { Obtain } from "./acme/certbot";
import { newestIssued, repair, repairAccounts } from "./acme/lineage";
import { backoffMs } from "./backoff";
import { type Certificate, isFor } from "./certificate";
import type { DomainSet } from "./domains";
import { earliestOrder, limitsOf, withCertificate, withFailures, withOrder } from "./limits";
import { type Log, reason } from "./log";
import type { CheckRoute } from "./proxies/routed";
import { renewalTime } from "./schedule";
import type { Attempts, Failure, State } from "./state";
import type { Store } from "./store";

export interface CompanionOptions {
  readonly sets: readonly DomainSet[];
  readonly directoryUrl: string;
  readonly cron: readonly string[];
  /** Milliseconds from a first failure to the next attempt. */
  readonly retryMs: number;
  /** certbot's folder. */
  readonly directory: string;
  readonly state: State;
  readonly store: Store;
  readonly obtain: Obtain;
  readonly checkRoute: CheckRoute;
  /** Called when a certificate is new. */
  readonly onCertificate: () => Promise<void>;
  readonly log: Log;
  /** Milliseconds since the epoch, for tests. */
  readonly now?: () => number;
}

/** Why a certificate is ordered. */
export type Cause = "none" | "other names" | "other directory" | "renewal";

/** What is next for a certificate. */
export interface Plan {
  readonly cause: Cause;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** How long to wait before the routes are looked at again: that harms nobody. */
const ROUTE_RETRY_MS = 1_000;
/** The clock may be set, so it is looked at from time to time. */
const LONGEST_SLEEP_MS = 30_000;

/** Orders certificates when they are due, one after another, and gives up on none. */
export class Companion {
  /** Orders by their outcome since the start. */
  readonly orders = { issued: 0, failed: 0 };
  /** Why a set has to wait before it is ordered, and until when. */
  private readonly waiting = new Map<string, { complaint: string; until: number }>();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private readonly now: () => number;

  constructor(private readonly options: CompanionOptions) {
    this.now = options.now ?? Date.now;
  }

  /** Begins; what fails on the way is logged and tried again. */
  start(): void {
    this.running ??= this.run();
  }

  /** Ends an order under way, waits for that. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** What is next for a set, and when. */
  plan(set: DomainSet): Plan {
    const { state, directoryUrl } = this.options;
    const { cause, at } = this.need(set);
    const attempts = this.attemptsOf(set);
    const allowed = earliestOrder(set.domains, state.usage(directoryUrl), limitsOf(directoryUrl));
    const routed = this.waiting.get(set.name)?.until ?? 0;
    return { cause, at: Math.max(at, attempts?.notBefore ?? 0, allowed, routed) };
  }

  /** The attempts since the last certificate, for the names and directory as they are now. */
  attemptsOf(set: DomainSet): Attempts | undefined {
    const attempts = this.options.state.attempts(set.name);
    return attempts?.subject === this.subject(set) ? attempts : undefined;
  }

  /** Why a set has to wait before it is ordered, when it has: its challenges are not routed, or the volume cannot be written. */
  waitsFor(set: DomainSet): string | undefined {
    return this.waiting.get(set.name)?.complaint;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    await this.recover().catch((error: unknown) => {
      this.options.log.error("cannot look at what was there before", { reason: reason(error) });
    });
    while (!signal.aborted) {
      for (const set of this.dueSets()) {
        if (signal.aborted) return;
        await this.attempt(set).catch((error: unknown) => {
          // Of this program's or the volume's making: as an attempt that failed, lest it be repeated without pause.
          this.options.log.error("cannot order", { name: set.name, reason: reason(error) });
          this.waiting.set(set.name, { complaint: reason(error), until: this.now() + 60_000 });
        });
      }
      await this.sleep(signal);
    }
  }

  private dueSets(): DomainSet[] {
    const now = this.now();
    return this.options.sets
      .map((set) => ({ set, at: this.plan(set).at }))
      .filter(({ at }) => at <= now)
      .sort((a, b) => a.at - b.at)
      .map(({ set }) => set);
  }

  private sleep(signal: AbortSignal): Promise<void> {
    const next = Math.min(...this.options.sets.map((set) => this.plan(set).at));
    const ms = Math.min(Math.max(next - this.now(), 0), LONGEST_SLEEP_MS);
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }

  /** Takes over what certbot has, finished or not, from a run before. */
  private async recover(): Promise<void> {
    const { sets, state, directoryUrl, directory, log } = this.options;
    await repairAccounts(directory, log);
    for (const set of this.options.sets) {
      if ((await this.adopt(set)) !== undefined) await this.options.onCertificate();
      const attempts = state.attempts(set.name);
      if (!attempts?.pending) continue;
      log.warn("an order was cut off", { name: set.name });
      // The CA may have found no answer to its questions since: count that as the failure that it may have been.
      const now = this.now();
      await state.changeUsage(directoryUrl, (usage) => withFailures(usage, set.domains, now), now);
      await state.setAttempts(set.name, { ...attempts, pending: false });
    }
    const fingerprints = sets.flatMap(
      ({ name }) => this.options.store.get(name)?.fingerprint ?? [],
    );
    await state.keepOrigins(fingerprints);
  }

  private need(set: DomainSet): Plan {
    const { store, state, cron, directoryUrl } = this.options;
    const certificate = store.get(set.name);
    if (certificate === undefined) return { cause: "none", at: 0 };
    if (!isFor(certificate, set.domains)) return { cause: "other names", at: 0 };
    if (state.origin(certificate.fingerprint) !== directoryUrl) {
      return { cause: "other directory", at: 0 };
    }
    return { cause: "renewal", at: renewalTime(certificate, cron).getTime() };
  }

  private async attempt(set: DomainSet): Promise<void> {
    const { checkRoute, state, directoryUrl, directory, log, obtain } = this.options;
    const { name, domains } = set;
    const complaint = await checkRoute(domains);
    if (complaint !== undefined) {
      if (complaint !== this.waiting.get(name)?.complaint) {
        log.warn("waiting for the route of the challenges", { name, reason: complaint });
      }
      this.waiting.set(name, { complaint, until: this.now() + ROUTE_RETRY_MS });
      return;
    }
    this.waiting.delete(name);

    await repair(directory, name, log);
    const before = this.attemptsOf(set);
    const { cause } = this.need(set);
    log.info("ordering a certificate", { name, domains, cause, directoryUrl });
    const begun = this.now();
    await state.changeUsage(directoryUrl, (usage) => withOrder(usage, begun), begun);
    await state.setAttempts(name, {
      ...{ subject: this.subject(set), failures: before?.failures ?? 0 },
      ...{ pending: true, notBefore: 0 },
      ...(before?.lastFailure === undefined ? {} : { lastFailure: before.lastFailure }),
    });
    const failed = await obtain(set, this.stopping.signal);
    // Stopped on purpose: the next start goes on, and counts it.
    if (failed !== undefined && this.stopping.signal.aborted) return;
    const adopted = failed === undefined ? await this.adopt(set) : undefined;
    if (adopted === undefined) {
      const { retryAfter, ...rest } = failed ?? {
        ...{ message: "certbot reported success, but its certificate is not there", domains: [] },
        retryAfter: undefined,
      };
      const failure = { at: new Date(this.now()).toISOString(), ...rest };
      return this.fail(set, before?.failures ?? 0, failure, retryAfter);
    }
    this.orders.issued += 1;
    const now = this.now();
    await state.changeUsage(directoryUrl, (usage) => withCertificate(usage, domains, now), now);
    await state.setAttempts(name, {
      ...{ subject: this.subject(set), pending: false, failures: 0, notBefore: 0 },
    });
    log.info("a certificate was issued", { name, notAfter: adopted.notAfter.toISOString() });
    await this.options.onCertificate();
  }

  private async fail(
    set: DomainSet,
    before: number,
    failure: Failure,
    retryAfter: Date | undefined,
  ): Promise<void> {
    const { state, directoryUrl, retryMs, log } = this.options;
    this.orders.failed += 1;
    const now = this.now();
    // Where the CA does not say which names failed, all may have.
    const named = failure.domains.map(({ domain }) => domain);
    const blamed = named.length > 0 ? named : set.domains;
    await state.changeUsage(directoryUrl, (usage) => withFailures(usage, blamed, now), now);
    const failures = before + 1;
    const notBefore = Math.max(now + backoffMs(failures, retryMs), retryAfter?.getTime() ?? 0);
    await state.setAttempts(set.name, {
      ...{ subject: this.subject(set), pending: false, failures, notBefore, lastFailure: failure },
    });
    log.error("no certificate", {
      name: set.name,
      reason: failure.message,
      failed: failure.domains,
      failures,
      nextAttempt: new Date(this.plan(set).at).toISOString(),
    });
  }

  /** Copies certbot's newest certificate of the set when it is one that we do not have. */
  private async adopt(set: DomainSet): Promise<Certificate | undefined> {
    const { directory, store, state, directoryUrl, log } = this.options;
    const issued = await newestIssued(directory, set.name);
    if (issued === undefined || !isFor(issued.certificate, set.domains)) return undefined;
    const { certificate } = issued;
    const present = store.get(set.name);
    if (present?.fingerprint === certificate.fingerprint) return undefined;
    if (present !== undefined && present.notBefore > certificate.notBefore) return undefined;
    await state.setOrigin(certificate.fingerprint, issued.directoryUrl ?? directoryUrl);
    await store.put(set.name, certificate);
    log.info("a certificate is taken over from certbot", { name: set.name });
    return certificate;
  }

  /** What attempts are for: when it changes, failures before say nothing. */
  private subject(set: DomainSet): string {
    return `${[...set.domains].sort().join(",")} ${this.options.directoryUrl}`;
  }
}
