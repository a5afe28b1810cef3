/** Slots that a service has at least: scaling from 1 to 8 and a rolling update of 8 do not need a reload. */
export const MIN_SLOTS = 16;

/** The same where there are so many services that memory counts more: a slot takes 5.6 kB of every HAProxy process. */
export const MIN_SLOTS_AMONG_MANY = 4;

/** From this number of services on they are many. */
export const MANY_SERVICES = 128;

/** Slots of a global service, which has no replica count: one task per node. */
export const GLOBAL_SLOTS = 64;

/**
 * How many server slots a service of so many replicas gets among so many services. HAProxy sends nothing to tasks beyond
 * them, and another number means a reload, so they grow in powers of two with half as many again as headroom for
 * a start-first update.
 */
export function slotsFor(replicas: number | undefined, services: number): number {
  if (replicas === undefined) return GLOBAL_SLOTS;
  const least = services < MANY_SERVICES ? MIN_SLOTS : MIN_SLOTS_AMONG_MANY;
  return 2 ** Math.ceil(Math.log2(Math.max(least, replicas * 1.5)));
}
