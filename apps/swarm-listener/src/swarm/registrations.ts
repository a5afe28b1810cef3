import type { SwarmNode, SwarmService } from "../engine/types";
import type { Registration } from "../notify/dispatcher";
import {
  createParameters,
  nodeParameters,
  removedNodeParameters,
  removeParameters,
  serviceName,
  wantsNotification,
  type ServiceOptions,
} from "./parameters";

/** What the swarm's services ask for. */
export interface Registrations {
  /** By the name they are announced by. */
  readonly byName: ReadonlyMap<string, Registration>;
  /** Services that are left out, because an older one is announced by the same name. */
  readonly shadowed: readonly SwarmService[];
}

/**
 * Picks the services that want to be announced. Receivers know a service by nothing but its name,
 * so two services of one name (two stacks with `shortName`) would overwrite each other at every
 * change: the older one keeps it.
 * @param nodeInfo where a service's tasks run, when that is to be told
 */
export function registrationsOf(
  services: readonly SwarmService[],
  options: ServiceOptions,
  nodeInfo: (service: SwarmService) => string | undefined = () => undefined,
): Registrations {
  const byName = new Map<string, Registration>();
  const shadowed: SwarmService[] = [];
  const oldestFirst = [...services].sort(
    (a, b) => compare(sortable(a.CreatedAt), sortable(b.CreatedAt)) || compare(a.ID, b.ID),
  );
  for (const service of oldestFirst) {
    if (!wantsNotification(service, options.notifyLabel)) continue;
    const name = serviceName(service, options.namePrefix);
    if (byName.has(name)) {
      shadowed.push(service);
      continue;
    }
    const create = createParameters(service, options, nodeInfo(service));
    byName.set(name, { create, remove: removeParameters(service, options), state: create });
  }
  return { byName, shadowed };
}

/** The nodes that are there, by id. One that is down is not: receivers are told that it went, and when it is back. */
export function nodeRegistrations(nodes: readonly SwarmNode[]): ReadonlyMap<string, Registration> {
  return new Map(
    nodes
      .filter(({ Status }) => Status.State !== "down")
      .map((node) => {
        const create = nodeParameters(node);
        // The swarm counts a node's version up at every change, also of what nobody is told.
        const state = { ...create, versionIndex: "" };
        return [node.ID, { create, remove: removedNodeParameters(node), state }];
      }),
  );
}

/** A time of the engine's (RFC 3339, UTC) that sorts as text: Go leaves out the zeros at the end of a fraction. */
function sortable(time: string): string {
  const [seconds = "", fraction = ""] = time.replace(/Z$/, "").split(".");
  return `${seconds}.${fraction.padEnd(9, "0")}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
