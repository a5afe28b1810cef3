import { setTimeout as delay } from "node:timers/promises";

/** When a reconciler runs. All times are in milliseconds. */
export interface ReconcilerOptions {
  /** Runs at least this often. */
  readonly intervalMs: number;
  /** Does not run more often than this, however much happens. */
  readonly minGapMs: number;
  /** Runs again so soon after a failure; doubled each time, up to the interval. */
  readonly firstRetryMs: number;
}

/**
 * Runs a task at regular intervals and, in between, as soon as it is asked to. Requests that come
 * while it runs, or too soon after, become one further run: no request is lost, none piles up.
 */
export class Reconciler {
  private requested = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly task: () => Promise<void>,
    private readonly onFailure: (error: unknown) => void,
    private readonly options: ReconcilerOptions,
  ) {}

  /** Asks for a run that begins after this call. */
  request(): void {
    this.requested = true;
    this.wake();
  }

  /** Runs until aborted. Does not throw. */
  async run(signal: AbortSignal): Promise<void> {
    const { intervalMs, minGapMs, firstRetryMs } = this.options;
    let failures = 0;
    while (!signal.aborted) {
      this.requested = false;
      try {
        await this.task();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        this.onFailure(error);
      }
      await delay(minGapMs, undefined, { signal }).catch(() => undefined);
      const retryMs = Math.min(firstRetryMs * 2 ** (failures - 1), intervalMs);
      await this.pause(failures > 0 ? retryMs : intervalMs, signal);
    }
  }

  /** Waits for the time to pass, for a request or for the end. */
  private async pause(ms: number, signal: AbortSignal): Promise<void> {
    if (this.requested || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        this.wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.wake = end;
      signal.addEventListener("abort", end, { once: true });
    });
  }
}
