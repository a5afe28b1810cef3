import { askedGuards, guardsOf } from "../routes/guard";
import { isWanted, parseService, parseServiceName, type ParseOptions } from "../routes/parse";
import { Refusal, refuse } from "../routes/refusal";
import { digestOf, toRoute } from "../routes/route";
import type { Parameters, Service } from "../routes/service";
import {
  asListed,
  asLoaded,
  type Refused,
  type Route,
  withClosed,
  withoutRoute,
  withRefusal,
  withRoute,
} from "../routes/table";
import { type Configurator, Rejection } from "./configurator";
import type { Emptiness } from "./emptiness";
import { type Hosts, hostsOf, namedHosts } from "./hosts";

/** What a reconfigure request did. */
export interface Reconfigured {
  readonly service: Service | undefined;
  /** Parameters without effect. */
  readonly ignored: readonly string[];
}

/** Milliseconds after which what HAProxy refused is tried again: the fault may have been another's. */
const RETRY_REJECTED_MS = 60_000;

/** Who a reconfigure request is from. A listener passes its labels on, and lists what it announces. */
export function sourceOf({ notify, createdAt }: Parameters): "listener" | "request" {
  return notify || createdAt ? "listener" : "request";
}

/** Routes, as requests and listings ask for them. */
export class Proxy {
  /** Counts requests that change something, so that a listing asked for before one does not undo it. */
  private revision = 0;
  private readonly changedAt = new Map<string, number>();
  private readonly rejectedAt = new Map<string, number>();

  constructor(
    private readonly configurator: Configurator,
    private readonly parseOptions: ParseOptions,
    private readonly emptiness: Emptiness,
    private readonly hosts: Hosts,
  ) {}

  /**
   * Resolves when the route is live.
   * @throws Refusal, in the request's own words or in HAProxy's; what was live stays then, but denies everyone where it lets in
   *   more than is asked for now. One that loses to an older service (409) is taken up when that goes
   */
  async reconfigure(parameters: Parameters): Promise<Reconfigured> {
    const name = parseServiceName(parameters);
    const source = sourceOf(parameters);
    const digest = digestOf(parameters);
    this.markChanged(name);
    let parsed;
    try {
      if (!isWanted(parameters, this.parseOptions)) {
        await this.remove(name);
        return { service: undefined, ignored: [] };
      }
      parsed = parseService(parameters, this.parseOptions);
      const hosts = hostsOf(parsed.service);
      if (hosts.length > 0) {
        const revision = this.revision;
        await this.hosts.look(hosts);
        if ((this.changedAt.get(name) ?? 0) > revision) {
          throw new Refusal(409, "another request for this service came meanwhile");
        }
        const complaint = this.hosts.complaint(parsed.service);
        if (complaint !== undefined) refuse(complaint);
      }
    } catch (error) {
      if (error instanceof Refusal && error.status !== 500) {
        await this.refuse(name, parameters, { reason: error.message, digest, source });
      }
      throw error;
    }
    await this.submit(toRoute(parsed.service, parameters, source));
    const refused = this.configurator.table.refused.get(name);
    if (refused?.digest === digest) throw new Refusal(409, refused.reason);
    return parsed;
  }

  /** @throws Refusal (500) when HAProxy does not take it */
  async remove(name: string): Promise<void> {
    this.markChanged(name);
    await this.configurator.submit(withoutRoute(name));
  }

  /**
   * Brings all routes to what the listener says; nothing is loaded where nothing differs. A service it lists with parameters
   * that we refuse keeps the route it has, and the others are not touched by it.
   * @throws whatever `fetchServices` throws, and Refusal
   */
  async synchronize(fetchServices: () => Promise<readonly Parameters[]>): Promise<void> {
    const asked = this.revision;
    const listed = await fetchServices();
    // What a name leads to may change after its route was granted.
    const known = [...this.configurator.table.routes.values()];
    await this.hosts.look([
      ...listed.flatMap(namedHosts),
      ...known.flatMap(({ service }) => hostsOf(service)),
    ]);
    const routed = [...this.configurator.table.routes]
      .filter(([, { source }]) => source !== "request")
      .map(([name]) => name);
    if (!(await this.emptiness.isBelieved(listed.length, routed))) return;
    const isNewer = (name: string): boolean => (this.changedAt.get(name) ?? 0) > asked;
    const wanted = new Set<string>();
    const changes = listed.flatMap((parameters) => {
      const name = parameters["serviceName"] ?? "";
      if (isNewer(name)) return [];
      const change = this.take(name, parameters);
      if (change !== undefined) wanted.add(name);
      return change === undefined ? [] : [change];
    });
    const { routes, refused } = this.configurator.table;
    const forbidden = [...routes].map(
      ([name, { service }]) =>
        () =>
          this.closeForbidden(name, service),
    );
    const gone = [...routes, ...refused]
      .filter(([name, { source }]) => source !== "request" && !wanted.has(name) && !isNewer(name))
      .map(
        ([name]) =>
          () =>
            this.configurator.submit(withoutRoute(name)),
      );
    const taken = [...forbidden, ...gone, ...changes].map((change) => change());
    // What is refused among them is noted; when nothing can be loaded at all, this last one fails as well.
    const loaded = this.configurator.submit(asLoaded);
    await Promise.allSettled([...taken, loaded]);
    await loaded;
    for (const [name, revision] of this.changedAt) {
      if (revision <= asked) this.changedAt.delete(name);
    }
  }

  /** What a listed service asks for, as a change; undefined when it asks for nothing. */
  private take(name: string, parameters: Parameters): (() => Promise<void>) | undefined {
    const digest = digestOf(parameters);
    const { routes, refused } = this.configurator.table;
    const refusal = refused.get(name);
    const known = refusal ?? routes.get(name);
    // What the proxy has besides the parameters, such as secrets, may have changed.
    const isFinal = refusal === undefined || refusal.wanted !== undefined || this.isWaiting(name);
    const isClosed = refusal === undefined && routes.get(name)?.service.closed !== undefined;
    const asBefore = (): Promise<void> =>
      known?.source === "listener" ? Promise.resolve() : this.configurator.submit(asListed(name));
    if (known?.digest === digest && isFinal && !isClosed) return asBefore;
    try {
      if (!isWanted(parameters, this.parseOptions)) return undefined;
      const { service } = parseService(parameters, this.parseOptions);
      const complaint = this.hosts.complaint(service);
      if (complaint !== undefined) refuse(complaint);
      return () => this.submit(toRoute(service, parameters, "listener"));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { message: reason } = error;
      if (refusal?.digest === digest && refusal.reason === reason) return asBefore;
      return () => this.refuse(name, parameters, { reason, digest, source: "listener" });
    }
  }

  /** Closes a route that leads where it must not, whatever it once led to. */
  private async closeForbidden(name: string, service: Service): Promise<void> {
    const complaint = this.hosts.complaint(service);
    if (complaint !== undefined && service.closed === undefined) {
      await this.configurator.submit(withClosed(name, complaint));
    }
  }

  /** Notes that parameters cannot be right. */
  private async refuse(name: string, parameters: Parameters, refused: Refused): Promise<void> {
    const guards = askedGuards(parameters, this.parseOptions);
    const kept = this.configurator.table.routes.get(name)?.service;
    await Promise.all([
      kept && this.closeForbidden(name, kept),
      this.configurator.submit(withRefusal(name, refused, guards)),
    ]);
  }

  /** Notes it when HAProxy refuses the route, so that it is in the status and not tried over and over. */
  private async submit(route: Route): Promise<void> {
    const { name } = route.service;
    this.rejectedAt.delete(name);
    try {
      await this.configurator.submit(withRoute(route));
    } catch (error) {
      if (error instanceof Rejection) {
        const { digest, source, service } = route;
        this.rejectedAt.set(name, performance.now());
        const refused = { reason: error.message, digest, source };
        await this.configurator.submit(withRefusal(name, refused, guardsOf(service)));
      }
      throw error;
    }
  }

  /** Whether HAProxy refused it so lately that it is not tried again yet. */
  private isWaiting(name: string): boolean {
    const rejectedAt = this.rejectedAt.get(name);
    return rejectedAt !== undefined && performance.now() - rejectedAt <= RETRY_REJECTED_MS;
  }

  private markChanged(name: string): void {
    this.revision += 1;
    this.changedAt.set(name, this.revision);
  }
}
