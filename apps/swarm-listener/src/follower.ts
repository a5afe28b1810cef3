import { performance } from "node:perf_hooks";
import type { EngineClient } from "./engine/client";
import { watchEvents } from "./engine/events";
import { reason, type Log } from "./log";
import type { Metrics, Subject } from "./metrics";
import type { Dispatcher, Registration } from "./notify/dispatcher";
import { Reconciler, type ReconcilerOptions } from "./reconciler";

/** What a follower is made of. */
export interface FollowerArgs {
  readonly subject: Subject;
  readonly engine: EngineClient;
  /** Whether to follow events; if not, changes are noticed at the next comparison. */
  readonly events: boolean;
  /** Reads what there is. @throws if that cannot be known */
  readonly read: (signal: AbortSignal) => Promise<ReadonlyMap<string, Registration>>;
  readonly dispatchers: readonly Dispatcher[];
  readonly reconciler: ReconcilerOptions;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * Follows the swarm's services, or its nodes, and keeps every receiver told. There is one way only: read
 * all and compare. An event does no more than make that happen at once, so that an event that was missed,
 * or that came twice or late, makes no difference but in time.
 */
export class Follower {
  private readonly stopping = new AbortController();
  private readonly reconciler: Reconciler;
  private resend = false;
  private running: Promise<unknown> = Promise.resolve();

  constructor(private readonly args: FollowerArgs) {
    const { subject, log, reconciler } = args;
    this.reconciler = new Reconciler(
      () => this.reconcile(),
      (error) => log.warn(`cannot read the swarm's ${subject}s`, { reason: reason(error) }),
      reconciler,
    );
  }

  /** Begins to follow. */
  start(): void {
    const { signal } = this.stopping;
    const { events } = this.args;
    const onChange = () => this.reconciler.request();
    this.running = Promise.all([
      this.reconciler.run(signal),
      events ? watchEvents({ ...this.args, onChange, signal }) : undefined,
    ]);
  }

  /** Ends everything, and gives up notifications that have not been accepted yet. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await Promise.all(this.args.dispatchers.map((dispatcher) => dispatcher.stop()));
  }

  /** Tells every receiver everything again. */
  notify(): void {
    this.resend = true;
    this.reconciler.request();
  }

  private async reconcile(): Promise<void> {
    const { subject, metrics, dispatchers } = this.args;
    const start = performance.now();
    const wanted = await this.args.read(this.stopping.signal);
    const { resend } = this;
    this.resend = false;
    for (const dispatcher of dispatchers) dispatcher.sync(wanted, resend);
    metrics.read(subject, wanted.size, (performance.now() - start) / 1_000);
  }
}
