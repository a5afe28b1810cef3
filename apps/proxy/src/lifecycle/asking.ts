import { setTimeout as sleep } from "node:timers/promises";

import { type Log, messageOf } from "../log";

/** How the listener is asked. */
export interface AskingOptions {
  /** One question; rejects when there was no answer. */
  readonly ask: () => Promise<void>;
  /** Milliseconds between questions; the first ones after a failure come sooner. */
  readonly intervalMs: number;
  /** Go on after the first answer. */
  readonly repeat: boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

const FIRST_RETRY_MS = 250;

/** Asks until answered, then on and on if it is to repeat. Resolves when it is over. */
export async function keepAsking(options: AskingOptions): Promise<void> {
  const { ask, intervalMs, repeat, signal, log } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await ask();
      failures = 0;
      if (!repeat) return;
    } catch (error) {
      failures += 1;
      log.warn("the listener was asked in vain", { error: messageOf(error), failures });
    }
    const backoff = failures === 0 ? intervalMs : FIRST_RETRY_MS * 2 ** (failures - 1);
    await sleep(Math.min(intervalMs, backoff), undefined, { signal }).catch(() => undefined);
  }
}
