import { setTimeout as pause } from "node:timers/promises";

/** Looks every 5 ms until it is true. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await pause(5);
}
