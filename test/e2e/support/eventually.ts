import { setTimeout as pause } from "node:timers/promises";

export interface Patience {
  readonly withinMs: number;
  /** Between two looks. 200 when left out. */
  readonly everyMs?: number;
}

/**
 * Looks until `look` returns something else than undefined, and returns that. An error that `look`
 * throws counts as "not yet".
 * @throws after the time given, with what the last look said.
 */
export async function eventually<T>(
  what: string,
  patience: Patience,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const until = performance.now() + patience.withinMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= until) {
      throw new Error(`${what}: not within ${patience.withinMs / 1000} s`, { cause: last });
    }
    await pause(patience.everyMs ?? 200);
  }
}
