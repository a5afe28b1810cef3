import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

import { type Log, messageOf } from "../log";
import { parseService, type ParseOptions } from "./parse";
import { toRoute } from "./route";
import { closed, EMPTY_TABLE, type Route, type RouteTable, settle } from "./table";

const FILE = "routes.json";

interface Kept {
  readonly version: 1;
  readonly routes: readonly KeptRoute[];
}

interface KeptRoute {
  readonly parameters: Record<string, string>;
  /** Nanoseconds since 1970; absent in what an older version wrote. */
  readonly heardOfAt?: string;
  /** Why nobody is let in; absent where the route is open. */
  readonly closed?: string;
}

/**
 * Makes the function that keeps routes in a folder. It writes only what differs from what it wrote last, and so that
 * a crash leaves the file before or the file after, never half of one.
 */
export function routeKeeper(dir: string): (table: RouteTable) => Promise<void> {
  let written: string | undefined;
  return async (table) => {
    const kept: Kept = {
      version: 1,
      routes: [...table.routes.values()].map(({ parameters, heardOfAt, service }) => ({
        parameters,
        heardOfAt: String(heardOfAt),
        closed: service.closed,
      })),
    };
    const text = JSON.stringify(kept);
    if (text === written) return;
    await mkdir(dir, { recursive: true });
    const file = join(dir, FILE);
    const handle = await open(`${file}.new`, "w", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.new`, file);
    written = text;
  };
}

/**
 * Reads the routes kept by a `routeKeeper`, through the same checks as a request: a file is no more to be trusted than a
 * label. What cannot be read is left out and logged; without a file the table is the empty one.
 */
export async function loadRoutes(
  dir: string,
  options: ParseOptions,
  log: Log,
): Promise<RouteTable> {
  let text: string;
  try {
    text = await readFile(join(dir, FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      log.warn("kept routes cannot be read", { error: messageOf(error) });
    }
    return EMPTY_TABLE;
  }
  const routes = new Map<string, Route>();
  try {
    for (const kept of readKept(text).routes) {
      try {
        const { service } = parseService(kept.parameters, options);
        const made = toRoute(service, kept.parameters, "disk");
        const heardOfAt = kept.heardOfAt === undefined ? made.heardOfAt : BigInt(kept.heardOfAt);
        const route = { ...made, heardOfAt };
        routes.set(service.name, kept.closed === undefined ? route : closed(route, kept.closed));
      } catch (error) {
        log.warn("kept route left out", { error: messageOf(error) });
      }
    }
  } catch (error) {
    log.warn("kept routes are damaged", { error: messageOf(error) });
    return EMPTY_TABLE;
  }
  return settle({ ...EMPTY_TABLE, routes, loaded: true });
}

function readKept(text: string): Kept {
  const value = JSON.parse(text) as { version?: unknown; routes?: unknown } | null;
  if (value?.version !== 1 || !Array.isArray(value.routes)) throw new Error("unknown form");
  return {
    version: 1,
    routes: value.routes.map((route) => ({
      parameters: readParameters(route),
      heardOfAt: readAge(route),
      closed: readClosed(route),
    })),
  };
}

function readParameters(route: unknown): Record<string, string> {
  const { parameters } = (route ?? {}) as { parameters?: unknown };
  if (typeof parameters !== "object" || parameters === null) throw new Error("unknown form");
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      if (typeof value !== "string") throw new Error("unknown form");
      return [name, value];
    }),
  );
}

function readAge(route: unknown): string | undefined {
  const { heardOfAt } = (route ?? {}) as { heardOfAt?: unknown };
  return typeof heardOfAt === "string" && /^\d{1,20}$/.test(heardOfAt) ? heardOfAt : undefined;
}

/** A mark that cannot be read closes as well. */
function readClosed(route: unknown): string | undefined {
  const { closed: reason } = (route ?? {}) as { closed?: unknown };
  if (reason === undefined) return undefined;
  return typeof reason === "string" ? reason : "for a reason that is lost";
}
