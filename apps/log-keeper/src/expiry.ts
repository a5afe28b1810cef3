/** Deletion by age where the server has no lifecycles. */

/** One of a data stream's indices. */
export interface BackingIndex {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

/** Milliseconds of `36h` or `7d`. */
export function milliseconds(retention: string): number {
  const [, count = "", unit] = /^(\d+)([hd])$/.exec(retention) ?? [];
  return Number(count) * (unit === "d" ? 24 : 1) * 3_600_000;
}

/** How old the index that is written to may become, in hours: what is deleted is at most a quarter of the time too old. */
export const rolloverHours = (retention: string): number =>
  Math.max(1, Math.floor(milliseconds(retention) / 3_600_000 / 4));

/**
 * The indices that hold nothing but lines that are too old: those whose successor, to which lines have gone since it was
 * made, is older than the retention.
 * @param indices of one data stream, the oldest first; the last one is written to
 */
export function expired(
  indices: readonly BackingIndex[],
  retention: string,
  now: number,
): string[] {
  return indices
    .filter((_, i) => {
      const successor = indices[i + 1];
      return successor !== undefined && now - successor.created > milliseconds(retention);
    })
    .map(({ name }) => name);
}
