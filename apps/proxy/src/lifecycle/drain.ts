import { setTimeout as sleep } from "node:timers/promises";

import type { DataPlane } from "../haproxy/dataPlane";
import { type Log, messageOf } from "../log";

/** What a graceful stop needs. */
export interface DrainOptions {
  readonly dataPlane: DataPlane;
  /** Milliseconds in which the edge notices and sends its connections elsewhere. */
  readonly drainDelayMs: number;
  /** Milliseconds that requests under way have to end. */
  readonly stopTimeoutMs: number;
  /** Closes the control API. */
  readonly closeControl: () => Promise<void>;
  readonly log: Log;
}

/**
 * Stops without a lost request: first the edge's check fails while all is served as before, then HAProxy takes no new
 * connections and ends with its last request. The control API works until then.
 */
export async function drain(options: DrainOptions): Promise<void> {
  const { dataPlane, drainDelayMs, stopTimeoutMs, closeControl, log } = options;
  log.info("draining", { drainDelayMs, stopTimeoutMs });
  await dataPlane
    .setServing(false)
    .catch((error: unknown) => log.error("cannot drain", { error: messageOf(error) }));
  await sleep(drainDelayMs);
  await closeControl();
  await dataPlane.stop(stopTimeoutMs);
  log.info("stopped");
}
