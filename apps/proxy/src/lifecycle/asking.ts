import { setTimeout as sleep } from "node:timers/promises";

import { type Log, messageOf } from "../log";

/** How the listener is asked. */
export interface AskingOptions {
  /** One question; rejects when there was no answer. */
  readonly ask: () => Promise<void>;
  /** Milliseconds between questions until one is answered; the first ones after a failure come sooner. */
  readonly retryMs: number;
  /** Milliseconds from an answer to the next question; 0: no other. */
  readonly repeatMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

const FIRST_RETRY_MS = 250;

/** Asks until answered, then on and on if it is to repeat. Resolves when it is over. */
export async function keepAsking(options: AskingOptions): Promise<void> {
  const { ask, retryMs, repeatMs, signal, log } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await ask();
      failures = 0;
      if (repeatMs === 0) return;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      log.warn("the listener was asked in vain", { error: messageOf(error), failures });
    }
    const wait =
      failures === 0 ? repeatMs : Math.min(retryMs, FIRST_RETRY_MS * 2 ** (failures - 1));
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}
