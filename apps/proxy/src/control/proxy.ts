import { type Log, messageOf } from "../log";
import { parseReplicas, parseService, parseServiceName, type ParseOptions } from "../routes/parse";
import { Refusal } from "../routes/refusal";
import type { Parameters, Service } from "../routes/service";
import { type Route, withListing, withoutRoute, withRoute } from "../routes/table";
import type { Configurator } from "./configurator";

/** What a reconfigure request did. */
export interface Reconfigured {
  readonly service: Service | undefined;
  /** Parameters without effect. */
  readonly ignored: readonly string[];
}

/** Routes, as requests and listings ask for them. */
export class Proxy {
  /** Counts requests that change something, so that a listing asked for before one does not undo it. */
  private revision = 0;
  private readonly changedAt = new Map<string, number>();

  constructor(
    private readonly configurator: Configurator,
    private readonly parseOptions: ParseOptions,
    private readonly log: Log,
  ) {}

  /** @throws Refusal, in the request's own words or in HAProxy's; nothing has changed then */
  async reconfigure(parameters: Parameters): Promise<Reconfigured> {
    const name = parseServiceName(parameters);
    if (parseReplicas(parameters) === 0) {
      await this.remove(name);
      return { service: undefined, ignored: [] };
    }
    const { service, ignored } = parseService(parameters, this.parseOptions);
    this.markChanged(name);
    await this.configurator.submit(withRoute({ service, parameters, source: "request" }));
    return { service, ignored };
  }

  /** @throws Refusal (500) when HAProxy does not take it */
  async remove(name: string): Promise<void> {
    this.markChanged(name);
    await this.configurator.submit(withoutRoute(name));
  }

  /**
   * Brings all routes to what the listener says. A service it lists with parameters that we refuse keeps the route it
   * has, and the others are not touched by it.
   * @throws whatever `fetchServices` throws, and Refusal
   */
  async synchronize(fetchServices: () => Promise<readonly Parameters[]>): Promise<void> {
    const asked = this.revision;
    const listed = await fetchServices();
    const routes: Route[] = [];
    const refused = new Set<string>();
    for (const parameters of listed) {
      try {
        if (parseReplicas(parameters) === 0) continue;
        const { service } = parseService(parameters, this.parseOptions);
        routes.push({ service, parameters, source: "listener" });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const name = parameters["serviceName"] ?? "";
        refused.add(name);
        this.log.error("service refused", { service: name, reason: messageOf(error) });
      }
    }
    const changedSince = new Set(
      [...this.changedAt].filter(([, revision]) => revision > asked).map(([name]) => name),
    );
    await this.configurator.submit(withListing({ routes, refused, changedSince }));
    for (const [name, revision] of this.changedAt) {
      if (revision <= asked) this.changedAt.delete(name);
    }
  }

  private markChanged(name: string): void {
    this.revision += 1;
    this.changedAt.set(name, this.revision);
  }
}
