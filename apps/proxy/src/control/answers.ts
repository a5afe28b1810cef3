import type { Destination, Service } from "../routes/service";

/** The body of an answer; the names are the original's. */
export interface Answer {
  readonly Status: "OK" | "NOK";
  readonly Message: string;
  readonly ServiceName: string;
  readonly [field: string]: unknown;
}

/** A service as the original's JSON has it, as far as we know its fields. */
export function describeService(service: Service): Record<string, unknown> {
  return {
    AclName: service.aclName,
    IsDefaultBackend: service.isDefaultBackend,
    IsGlobal: service.replicas === undefined,
    Replicas: service.replicas ?? 0,
    ServiceDest: service.destinations.map(describeDestination),
    ServiceDomainAlgo: service.domainAlgorithm,
    ServiceName: service.name,
  };
}

function describeDestination(destination: Destination): Record<string, unknown> {
  return {
    HealthPath: destination.healthPath ?? "",
    Index: destination.index,
    PathType: destination.pathType,
    Port: String(destination.port),
    ReqMode: "http",
    ServiceDomain: destination.domains,
    ServicePath: destination.paths,
    SrcPort: destination.srcPort ?? 0,
    TimeoutServer: destination.timeoutServer?.toString() ?? "",
    TimeoutTunnel: destination.timeoutTunnel?.toString() ?? "",
  };
}
