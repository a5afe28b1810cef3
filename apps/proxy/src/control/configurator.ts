import { setTimeout as sleep } from "node:timers/promises";

import type { DataPlane } from "../haproxy/dataPlane";
import { type Log, messageOf } from "../log";
import { Refusal } from "../routes/refusal";
import { type Change, type RouteTable, settle } from "../routes/table";

/** What the configurator needs from its surroundings. */
export interface ConfiguratorOptions {
  readonly dataPlane: DataPlane;
  readonly render: (table: RouteTable) => string;
  /** Keeps the last good routes. */
  readonly save: (table: RouteTable) => Promise<void>;
  readonly log: Log;
  /** Milliseconds from one reload to the next; changes that come meanwhile share the next one. */
  readonly minReloadIntervalMs: number;
}

/** HAProxy does not understand the configuration that a change leads to. */
export class Rejection extends Refusal {
  constructor(complaint: string) {
    super(500, `HAProxy refuses the configuration: ${complaint}`);
  }
}

interface Request {
  readonly change: Change;
  /** Reload even when the text is the same. */
  readonly force: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The only way to a new configuration. Changes are taken in order and together; each batch is rendered, checked
 * and loaded, and only then becomes the table. A batch that fails is taken again by halves, so that a bad change is refused
 * alone and the last good configuration stays.
 */
export class Configurator {
  private current: RouteTable;
  private text: string;
  private queue: Request[] = [];
  private working: Promise<void> | undefined;
  private closed = false;
  private lastReload = -Infinity;

  /** @param table what the data plane runs at this moment */
  constructor(
    table: RouteTable,
    private readonly options: ConfiguratorOptions,
  ) {
    this.current = table;
    this.text = options.render(table);
  }

  /** The last good routes. */
  get table(): RouteTable {
    return this.current;
  }

  /** The configuration that runs. */
  get config(): string {
    return this.text;
  }

  /**
   * Resolves when the change is live.
   * @throws Refusal (500) that says why it is not; nothing has changed then
   */
  submit(change: Change, { force = false }: { force?: boolean } = {}): Promise<void> {
    if (this.closed) return Promise.reject(new Refusal(500, "the proxy is about to stop"));
    return new Promise((resolve, reject) => {
      this.queue.push({ change, force, resolve, reject });
      this.working ??= this.work();
    });
  }

  /** Takes no more changes; resolves when those before are live and kept, or refused. */
  async close(): Promise<void> {
    this.closed = true;
    await this.working;
  }

  private async work(): Promise<void> {
    while (this.queue.length > 0) {
      await this.pace();
      await this.take(this.queue.splice(0));
    }
    this.working = undefined;
  }

  private async take(batch: readonly Request[]): Promise<void> {
    try {
      await this.apply(batch);
      batch.forEach(({ resolve }) => resolve());
    } catch (error) {
      const [first] = batch;
      if (first !== undefined && batch.length === 1) {
        first.reject(error instanceof Refusal ? error : new Refusal(500, messageOf(error)));
        return;
      }
      const half = Math.ceil(batch.length / 2);
      for (const part of [batch.slice(0, half), batch.slice(half)]) {
        await this.pace();
        await this.take(part);
      }
    }
  }

  /** Every reload leaves an old process behind for a while, so they must not follow one another too fast. */
  private async pace(): Promise<void> {
    const wait = this.lastReload + this.options.minReloadIntervalMs - performance.now();
    if (wait > 0) await sleep(wait);
  }

  private async apply(batch: readonly Request[]): Promise<void> {
    const { dataPlane, render, save, log } = this.options;
    const changed = batch.reduce((result, { change }) => change(result), this.current);
    const table = changed === this.current ? changed : settle(changed);
    const text = render(table);
    if (text !== this.text || batch.some(({ force }) => force)) {
      const complaint = await dataPlane.check(text);
      if (complaint !== undefined) throw new Rejection(complaint);
      await dataPlane.reload(text);
      this.lastReload = performance.now();
      log.info("configuration loaded", { routes: table.routes.size, changes: batch.length });
    }
    this.text = text;
    if (table === this.current) return;
    logRefusals(this.current, table, log);
    logClosed(this.current, table, log);
    this.current = table;
    await save(table).catch((error: unknown) =>
      log.warn("routes could not be kept on disk", { error: messageOf(error) }),
    );
  }
}

/** Says once that a service is refused, and once that it no longer is. */
function logRefusals(before: RouteTable, after: RouteTable, log: Log): void {
  for (const [service, { reason }] of after.refused) {
    if (before.refused.get(service)?.reason === reason) continue;
    log.error("service refused", { service, reason });
  }
  for (const service of before.refused.keys()) {
    if (after.refused.has(service)) continue;
    const taken = after.routes.has(service);
    log.info(taken ? "service no longer refused" : "refused service is gone", { service });
  }
}

/** The same for routes that deny everyone. */
function logClosed(before: RouteTable, after: RouteTable, log: Log): void {
  const isClosed = ({ routes }: RouteTable, service: string): boolean =>
    routes.get(service)?.service.closed !== undefined;
  for (const [service, route] of after.routes) {
    const { closed: reason } = route.service;
    if (isClosed(before, service) === isClosed(after, service)) continue;
    if (reason === undefined) log.info("routes are open again", { service });
    else log.error("routes deny everyone from now on", { service, reason });
  }
}
