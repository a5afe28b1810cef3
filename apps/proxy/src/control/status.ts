import type { RouteTable } from "../routes/table";
import { describeService } from "./answers";

/**
 * What the status says of routes: the live ones, `closed` with the reason where they deny everyone, and the services that have not
 * got what they ask for, with the reason.
 */
export function describeTable({ routes, refused, loaded }: RouteTable): Record<string, unknown> {
  return {
    loaded,
    routes: [...routes.values()].map(({ service, source }) => ({
      serviceName: service.name,
      source,
      ...(service.closed === undefined ? {} : { closed: service.closed }),
      ...describeService(service),
    })),
    refused: [...refused].map(([serviceName, { reason }]) => ({ serviceName, reason })),
  };
}
