/** The longest pause between two attempts: two a day go on for ever without a harm to anyone. */
const LONGEST_MS = 12 * 3_600_000;

/** Milliseconds to wait after so many failures in a row: `firstMs`, doubled with each, 12 hours at most. */
export function backoffMs(failures: number, firstMs: number): number {
  return failures <= 0 ? 0 : Math.min(firstMs * 2 ** Math.min(failures - 1, 30), LONGEST_MS);
}
