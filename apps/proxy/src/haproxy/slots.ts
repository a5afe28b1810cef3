/** Slots that a service has at least: scaling from 1 to 8 and a rolling update of 8 do not need a reload. */
export const MIN_SLOTS = 16;

/** Slots of a global service, which has no replica count: one task per node. */
export const GLOBAL_SLOTS = 64;

/**
 * How many server slots a service of so many replicas gets. HAProxy sends nothing to tasks beyond them, and another
 * number means a reload, so they grow in powers of two with half as many again as headroom for a start-first update.
 */
export function slotsFor(replicas: number | undefined): number {
  if (replicas === undefined) return GLOBAL_SLOTS;
  const wanted = Math.max(MIN_SLOTS, Math.ceil(replicas * 1.5));
  return 2 ** Math.ceil(Math.log2(wanted));
}
