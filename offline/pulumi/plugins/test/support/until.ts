import { setTimeout as sleep } from "node:timers/promises";

/** Waits until a condition holds; jest's own timeout is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}
