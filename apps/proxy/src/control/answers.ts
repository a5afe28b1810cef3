import type { Destination, Service, Stream } from "../routes/service";

/** The body of an answer; the names are the original's. */
export interface Answer {
  readonly Status: "OK" | "NOK";
  readonly Message: string;
  readonly ServiceName: string;
  readonly [field: string]: unknown;
}

/** A service as the original's JSON has it, as far as we know its fields; of its users the names only. */
export function describeService(service: Service): Record<string, unknown> {
  return {
    AclName: service.aclName,
    CompressionAlgo: service.compression?.algorithm ?? "",
    CompressionType: service.compression?.types.join(" ") ?? "",
    ConnectionMode: service.connectionMode ?? "",
    IsDefaultBackend: service.isDefaultBackend,
    IsGlobal: service.replicas === undefined,
    Replicas: service.replicas ?? 0,
    ServiceDest: [
      ...service.destinations.map(describeDestination),
      ...service.streams.map(describeStream),
    ],
    ServiceDomainAlgo: service.domainAlgorithm,
    ServiceName: service.name,
    SessionType: service.sticky ? "sticky-server" : "",
    Users: service.users.map(({ name }) => ({ Username: name })),
  };
}

function describeDestination(destination: Destination): Record<string, unknown> {
  const { rewrites, headers, httpsOnly } = destination;
  return {
    ...describeTarget(destination),
    AllowedMethods: destination.allowedMethods,
    DeniedMethods: destination.deniedMethods,
    DenyHttp: destination.denyHttp,
    HealthPath: destination.healthPath ?? "",
    HttpsOnly: httpsOnly !== undefined,
    HttpsRedirectCode: httpsOnly?.toString() ?? "",
    IgnoreAuthorization: destination.ignoreAuthorization,
    PathType: destination.pathType,
    RedirectFromDomain: destination.redirectFrom,
    ReqMode: "http",
    ReqPathSearchReplaceFormatted: rewrites.map(({ search, replace }) => `${search},${replace}`),
    Scheme: destination.scheme ?? "",
    ServiceDomain: destination.domains,
    ServiceHeader: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
    ServicePath: destination.paths,
    ServicePathExclude: destination.excludedPaths,
    SslVerifyNone: destination.tls,
    UserAgent: destination.userAgents,
    VerifyClientSsl: destination.verifyClientSsl,
  };
}

function describeStream(stream: Stream): Record<string, unknown> {
  return {
    ...describeTarget(stream),
    BalanceGroup: stream.balance ?? "",
    Clitcpka: stream.clientKeepAlive,
    ReqMode: stream.names.length > 0 ? "sni" : "tcp",
    ServiceDomain: stream.names.map(({ value }) => value),
    ServiceGroup: stream.group ?? "",
    SrcPort: stream.srcPort,
    TimeoutClient: stream.timeoutClient?.toString() ?? "",
  };
}

function describeTarget(target: Destination | Stream): Record<string, unknown> {
  return {
    Index: target.index,
    OutboundHostname: target.host ?? "",
    Port: String(target.port),
    TimeoutServer: target.timeoutServer?.toString() ?? "",
    TimeoutTunnel: target.timeoutTunnel?.toString() ?? "",
  };
}
