import { lookup } from "node:dns/promises";

import type { Log } from "../log";

/** How an empty list is judged. */
export interface EmptinessOptions {
  readonly log: Log;
  /** Whether a service has tasks. */
  readonly hasTasks?: (service: string) => Promise<boolean>;
  /** Milliseconds for which lists must have been empty. */
  readonly patienceMs?: number;
}

/**
 * Says whether a list without any service is to be believed while there are routes. A listener whose engine cannot tell (no leader
 * yet, no quorum) may answer so, and to drop every route would be the worst that a proxy can do; to keep one too long costs no one
 * anything, as its tasks are gone. So a list has to be empty for longer than an election takes, and none of the services may
 * have a task any more: what runs does not need a leader.
 */
export class Emptiness {
  private since: number | undefined;

  constructor(private readonly options: EmptinessOptions) {}

  /**
   * @param listed how many services the listener lists
   * @param routed services with a route that would go
   */
  async isBelieved(listed: number, routed: readonly string[]): Promise<boolean> {
    const { log, hasTasks = askDns, patienceMs = 30_000 } = this.options;
    if (listed > 0 || routed.length === 0) {
      this.since = undefined;
      return true;
    }
    if (this.since === undefined) {
      this.since = performance.now();
      log.warn("the listener lists no service; routes stay until that is sure", {
        routes: routed.length,
      });
    }
    if (performance.now() - this.since < patienceMs) return false;
    const alive = await Promise.all(routed.map(hasTasks));
    if (alive.includes(true)) return false;
    this.since = undefined;
    log.warn("the listener lists no service, and none has tasks; their routes go", {
      routes: routed.length,
    });
    return true;
  }
}

/** Docker's DNS knows `tasks.NAME` while the service has running tasks. A name server that does not answer proves nothing. */
async function askDns(service: string): Promise<boolean> {
  try {
    await lookup(`tasks.${service}`);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOTFOUND";
  }
}
