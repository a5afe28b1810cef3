import { setTimeout as delay } from "node:timers/promises";
import { reason, type Log } from "../log";
import type { Metrics, Subject } from "../metrics";
import type { Parameters } from "../swarm/parameters";
import type { Call, Endpoint } from "./endpoints";
import { send } from "./send";

/** What a receiver is told of a service or node when it is there, and when it is no more. */
export interface Registration {
  readonly create: Parameters;
  readonly remove: Parameters;
  /** What is worth telling: the receiver is told again when it differs. */
  readonly state: Parameters;
}

/** How notifications are sent. All times are in milliseconds. */
export interface DispatchOptions {
  /** How often a notification is sent again. */
  readonly retries: number;
  /** Time between two attempts; 0 means that there is only one. */
  readonly retryIntervalMs: number;
  readonly timeoutMs: number;
}

type Kind = "create" | "remove";

/** Answers that end the attempts. A create may be refused for good; a remove has to be done. */
const FINAL: Readonly<Record<Kind, readonly number[]>> = { create: [200, 409], remove: [200] };

/**
 * How long a request that is under way may go on when a newer state waits: receivers that pass
 * notifications on to one another should be done with the old one before they get the new one.
 */
const GRACE_MS = 1_000;

/** The latest state of a service or node at this endpoint, and how far it got. */
interface Entry {
  readonly kind: Kind;
  readonly registration: Registration;
  readonly cancel: AbortController;
  progress: "sending" | "delivered" | "failed";
  done: Promise<void>;
}

/** What a dispatcher is made of. */
export interface DispatcherArgs {
  readonly subject: Subject;
  readonly endpoint: Endpoint;
  readonly options: DispatchOptions;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * Brings one endpoint to the wanted state and keeps at it. It knows what it has told the endpoint
 * of everything, sends what differs, and drops an older state as soon as there is a newer one.
 */
export class Dispatcher {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly args: DispatcherArgs) {}

  /**
   * Wants the endpoint to know exactly these, each by its name. What is known or being sent is not sent
   * again, unless it has failed for good or `resend` is set.
   */
  sync(wanted: ReadonlyMap<string, Registration>, resend = false): void {
    for (const [name, registration] of wanted) {
      const entry = this.entries.get(name);
      const known =
        entry?.kind === "create" &&
        entry.progress !== "failed" &&
        sameParameters(entry.registration.state, registration.state);
      if (!known || resend) this.start(name, "create", registration);
    }
    for (const [name, { kind, progress, registration }] of [...this.entries]) {
      if (wanted.has(name) || (kind === "remove" && progress !== "failed")) continue;
      this.start(name, "remove", registration);
    }
  }

  /** Gives up what has not been delivered. */
  async stop(): Promise<void> {
    for (const { cancel } of this.entries.values()) cancel.abort();
    await Promise.all([...this.entries.values()].map(({ done }) => done));
  }

  private start(name: string, kind: Kind, registration: Registration): void {
    const previous = this.entries.get(name);
    previous?.cancel.abort();
    const entry: Entry = {
      kind,
      registration,
      cancel: new AbortController(),
      progress: "sending",
      done: Promise.resolve(),
    };
    this.entries.set(name, entry);
    entry.done = this.run(name, entry, previous?.done);
  }

  private async run(name: string, entry: Entry, previous?: Promise<void>): Promise<void> {
    await previous;
    const calls = this.args.endpoint[entry.kind];
    const delivered = await Promise.all(calls.map((call) => this.deliver(name, entry, call)));
    if (entry.cancel.signal.aborted) return;
    entry.progress = delivered.every(Boolean) ? "delivered" : "failed";
    if (entry.kind === "remove" && entry.progress === "delivered") this.entries.delete(name);
  }

  /** Whether the call was answered as it should be, sooner or later. */
  private async deliver(name: string, entry: Entry, call: Call): Promise<boolean> {
    const { kind, cancel } = entry;
    const { subject, log, metrics } = this.args;
    const { retries, retryIntervalMs } = this.args.options;
    // No query and no user: they can hold secrets.
    const about = { kind, [subject]: name, url: `${call.url.origin}${call.url.pathname}` };

    for (let attempt = 1; !cancel.signal.aborted; attempt++) {
      const outcome = await this.attempt(call, entry);
      if (typeof outcome === "number") {
        const level = outcome === 200 ? "info" : "warn";
        log[level]("notified", { ...about, status: outcome, attempt });
        metrics.notified(subject, kind, outcome === 200 ? "accepted" : "refused");
        return true;
      }
      if (cancel.signal.aborted) break;
      if (attempt > retries || retryIntervalMs === 0) {
        log.error("not accepted, giving up for now", { ...about, attempt, reason: outcome });
        metrics.notified(subject, kind, "given_up");
        return false;
      }
      // One line for the first time; a receiver that is down would otherwise flood the log.
      if (attempt === 1) log.warn("not accepted, trying again", { ...about, reason: outcome });
      await delay(retryIntervalMs, undefined, { signal: cancel.signal }).catch(() => undefined);
    }
    log.info("dropped for a newer state", about);
    metrics.notified(subject, kind, "superseded");
    return false;
  }

  /** One attempt: the final status, or why there was none. */
  private async attempt(call: Call, entry: Entry): Promise<number | string> {
    const { kind, registration } = entry;
    const cancelled = entry.cancel.signal;
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const onCancel = () => (timer = setTimeout(() => abort.abort(), GRACE_MS));
    cancelled.addEventListener("abort", onCancel, { once: true });
    try {
      const status = await send(
        call,
        registration[kind],
        abort.signal,
        this.args.options.timeoutMs,
      );
      return FINAL[kind].includes(status) ? status : `status ${status}`;
    } catch (error) {
      return reason(error);
    } finally {
      cancelled.removeEventListener("abort", onCancel);
      clearTimeout(timer);
    }
  }
}

function sameParameters(a: Parameters, b: Parameters): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
