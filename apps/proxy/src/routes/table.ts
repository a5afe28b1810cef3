import type { Parameters, Service } from "./service";

/**
 * Who told us of a route. What the listener lists, or what was kept on disk from before, goes when the listener no
 * longer lists it; what came by request alone stays until it is removed by request.
 */
export type Source = "listener" | "request" | "disk";

export interface Route {
  readonly service: Service;
  /** As they came, so that they can be kept and read again by a later version. */
  readonly parameters: Parameters;
  readonly source: Source;
}

/** All the proxy knows about routing; never changed in place. */
export interface RouteTable {
  readonly routes: ReadonlyMap<string, Route>;
  /** Whether the routes of the cluster were ever known: before that an unknown path is not yet «not found». */
  readonly loaded: boolean;
}

/** A change that a table is asked to take. */
export type Change = (table: RouteTable) => RouteTable;

export const EMPTY_TABLE: RouteTable = { routes: new Map(), loaded: false };

/** Adds or replaces one route. */
export function withRoute(route: Route): Change {
  return (table) => ({ ...table, routes: new Map(table.routes).set(route.service.name, route) });
}

/** Takes one route out; no change when it is not there. */
export function withoutRoute(name: string): Change {
  return (table) => {
    if (!table.routes.has(name)) return table;
    const routes = new Map(table.routes);
    routes.delete(name);
    return { ...table, routes };
  };
}

/** What the listener listed. */
export interface Listing {
  /** Every service it listed and we could read. */
  readonly routes: readonly Route[];
  /** Services it listed whose parameters we refuse: they keep the route they have. */
  readonly refused: ReadonlySet<string>;
  /** Services that a request changed since the listing was asked for: the request is newer. */
  readonly changedSince: ReadonlySet<string>;
}

/** Brings the table to what the listener lists. */
export function withListing({ routes, refused, changedSince }: Listing): Change {
  return (table) => {
    const listed = new Map(routes.map((route) => [route.service.name, route]));
    const kept = [...table.routes].filter(
      ([name, route]) =>
        changedSince.has(name) ||
        (!listed.has(name) && (refused.has(name) || route.source === "request")),
    );
    const added = [...listed].filter(([name]) => !changedSince.has(name));
    return { routes: new Map([...kept, ...added]), loaded: true };
  };
}
