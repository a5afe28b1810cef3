import { setTimeout as sleep } from "node:timers/promises";
import { isNotFound } from "./engine/client";

/** How often a refused removal is tried again, in milliseconds. */
const INTERVAL_MS = 500;

/**
 * Runs a removal until the engine no longer refuses it for a reason that passes. What is gone already is fine.
 * @param passing matches the refusals that time will cure
 * @throws the last refusal once the time is up, any other error at once
 */
export async function retryWhile(
  passing: RegExp,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
  remove: () => Promise<unknown>,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      await remove();
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      const retriable = error instanceof Error && passing.test(error.message);
      if (!retriable || Date.now() >= deadline) throw error;
    }
    await pause(INTERVAL_MS, signal);
  }
}

/** Waits; an abort ends the wait with its reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw signal.reason;
  }
}
