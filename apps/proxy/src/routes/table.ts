import { Claims } from "./claims";
import { type Guards, guardsOf, isTooOpen } from "./guard";
import type { Parameters, Service } from "./service";

/**
 * Who told us of a route. What the listener lists or announces, or what was kept on disk from before, goes when the listener no
 * longer lists it; what came by request alone stays until it is removed by request.
 */
export type Source = "listener" | "request" | "disk";

export interface Route {
  readonly service: Service;
  /** As they came, but for passwords, so that they can be kept and read again by a later version. */
  readonly parameters: Parameters;
  /** Digest of the parameters exactly as they came: another one means another route. */
  readonly digest: string;
  readonly source: Source;
  /** When the service was first heard of, in nanoseconds since 1970: its age where nobody says when it was created. */
  readonly heardOfAt: bigint;
}

/** A service that has not got what it asks for. */
export interface Refused {
  readonly reason: string;
  readonly digest: string;
  readonly source: Source;
  /** What it asks for and will get once the owner is gone; absent when its parameters cannot be right. */
  readonly wanted?: Route;
}

/** All the proxy knows about routing; never changed in place. */
export interface RouteTable {
  /** By service name. */
  readonly routes: ReadonlyMap<string, Route>;
  /** By service name. One that has a route here as well keeps that until it is right again. */
  readonly refused: ReadonlyMap<string, Refused>;
  /** Whether the routes of the cluster were ever known: before that an unknown path is not yet «not found». */
  readonly loaded: boolean;
}

/** A change that a table is asked to take; `settle` follows. */
export type Change = (table: RouteTable) => RouteTable;

export const EMPTY_TABLE: RouteTable = { routes: new Map(), refused: new Map(), loaded: false };

/** Asks for a route, instead of the one that the service has. */
export function withRoute(wanted: Route): Change {
  return (table) => {
    const { digest, source, service } = wanted;
    const refused = new Map(table.refused);
    refused.set(service.name, { reason: "", digest, source, wanted });
    return { ...table, refused };
  };
}

/**
 * Notes that a service asks for what it cannot get. A route that it has stays, but closed where it lets in more than is asked for.
 * @param guards what it asks for to keep somebody out; undefined where that cannot be read
 */
export function withRefusal(name: string, refused: Refused, guards: Guards | undefined): Change {
  return (table) => {
    const route = table.routes.get(name);
    const given = route && guarded(route, guards, refused.reason);
    return {
      ...table,
      routes: given === route || !given ? table.routes : new Map(table.routes).set(name, given),
      refused: new Map(table.refused).set(name, refused),
    };
  };
}

/** The route, closed if it is more open than the guards. It opens when the service gets what it asks for, and not before. */
function guarded(route: Route, guards: Guards | undefined, reason: string): Route {
  if (route.service.closed !== undefined || !isTooOpen(route.service, guards)) return route;
  return closed(route, reason);
}

/** Closes the route that a service has, until it gets what it asks for. */
export function withClosed(name: string, reason: string): Change {
  return (table) => {
    const route = table.routes.get(name);
    if (route === undefined || route.service.closed !== undefined) return table;
    return { ...table, routes: new Map(table.routes).set(name, closed(route, reason)) };
  };
}

/** The route, with nobody let in. */
export function closed(route: Route, reason: string): Route {
  return { ...route, service: { ...route.service, closed: reason } };
}

/** Takes one service out; no change when it is not there. */
export function withoutRoute(name: string): Change {
  return (table) => {
    if (!table.routes.has(name) && !table.refused.has(name)) return table;
    const routes = new Map(table.routes);
    routes.delete(name);
    const refused = new Map(table.refused);
    refused.delete(name);
    return { ...table, routes, refused };
  };
}

/** Notes that the listener lists this service, and that it goes when it no longer does. */
export function asListed(name: string): Change {
  return (table) => {
    const route = table.routes.get(name);
    const refused = table.refused.get(name);
    return {
      ...table,
      routes: route ? new Map(table.routes).set(name, listed(route)) : table.routes,
      refused: refused ? new Map(table.refused).set(name, listed(refused)) : table.refused,
    };
  };
}

function listed<T extends { readonly source: Source }>(entry: T): T {
  return { ...entry, source: "listener" };
}

/** Notes that the cluster's routes are known. */
export const asLoaded: Change = (table) => (table.loaded ? table : { ...table, loaded: true });

/**
 * Gives every service what it asks for unless an older one has it. Of two that claim the same the one that was created first
 * keeps it, or was heard of first where that is not known. Who loses is refused and keeps what it had, if that is still free
 * and lets in no more than what is asked for.
 */
export function settle(table: RouteTable): RouteTable {
  const wanted = new Map([...table.routes].map(([name, route]) => [name, route]));
  for (const [name, refused] of table.refused) {
    if (refused.wanted === undefined) continue;
    const heardOfAt = table.routes.get(name)?.heardOfAt ?? refused.wanted.heardOfAt;
    wanted.set(name, { ...refused.wanted, heardOfAt });
  }
  const claims = new Claims();
  const granted = new Map<string, Route>();
  const refused = new Map([...table.refused].filter(([, { wanted: want }]) => want === undefined));
  for (const [name, route] of [...wanted].sort(([, a], [, b]) => compareAge(a, b))) {
    const conflict = claims.conflict(route.service);
    const reason =
      conflict && `${conflict.owner} has ${conflict.claim.shown} already, and is older`;
    if (reason !== undefined) {
      refused.set(name, {
        reason,
        digest: route.digest,
        source: route.source,
        wanted: route,
      });
    }
    const before = table.routes.get(name);
    const fallback = before && !claims.conflict(before.service) ? before : undefined;
    const given =
      reason === undefined ? route : fallback && guarded(fallback, guardsOf(route.service), reason);
    if (given === undefined) continue;
    claims.add(given.service);
    granted.set(name, given);
  }
  // Routes stay where they were, so that nothing depends on the order of ages.
  const routes = new Map(
    [...wanted.keys()].flatMap((name) => {
      const route = granted.get(name);
      return route === undefined ? [] : [[name, route] as const];
    }),
  );
  return { routes, refused, loaded: table.loaded };
}

function compareAge(a: Route, b: Route): number {
  const [ageA, ageB] = [a, b].map(({ service, heardOfAt }) => service.createdAt ?? heardOfAt);
  return ageA === ageB ? 0 : (ageA ?? 0n) < (ageB ?? 0n) ? -1 : 1;
}
