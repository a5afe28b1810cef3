import { setTimeout as sleep } from "node:timers/promises";
import { isNotFound } from "./engine/client";

/** How often a refused removal is tried again, in milliseconds. */
const INTERVAL_MS = 500;
/** How often an answer that is not complete is asked for again, in milliseconds. */
const ASK_INTERVAL_MS = 100;

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

/**
 * Asks until the answer is complete: what the swarm allocates is not there at once.
 * @returns the last answer, complete or not, once the time is up
 */
export async function askUntil<T>(
  isComplete: (answer: T) => boolean,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
  ask: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (isComplete(answer) || Date.now() >= deadline) return answer;
    await pause(ASK_INTERVAL_MS, signal);
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
