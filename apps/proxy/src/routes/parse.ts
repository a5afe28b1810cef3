import { parseAlgorithm } from "./algorithm";
import { parseDestination } from "./destination";
import { parseHeaderChanges } from "./headers";
import { MAX_DESTINATIONS, Reader, reviewParameters, type ServiceParameter } from "./parameters";
import { refuse } from "./refusal";
import {
  COMPRESSION_ALGORITHMS,
  CONNECTION_MODES,
  type DomainAlgorithm,
  type Parameters,
  type Service,
} from "./service";
import { parseStream, type PortRange } from "./stream";
import { parseUsers, type UserSources } from "./users";
import * as values from "./values";

/** What the environment adds to a request's parameters. */
export interface ParseOptions {
  /** Between the values of a list; the original's SEPARATOR. */
  readonly separator: string;
  /** The original's SERVICE_DOMAIN_ALGO. */
  readonly domainAlgorithm: DomainAlgorithm;
  /** The proxy's ports. */
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Ports besides those that TCP and SNI routes may open. */
  readonly tcpPorts: readonly PortRange[];
  /** The original's HTTPS_ONLY: every service is as if it asked for it. */
  readonly httpsOnly: boolean;
  /** Whether clients are asked for a certificate (the original's CA_FILE). */
  readonly clientCa: boolean;
  readonly users: UserSources;
  /** Names of the proxies' control APIs, the listeners and the companion: no route leads there. */
  readonly controlHosts: readonly string[];
  /** The original's PROXY_INSTANCE_NAME where FILTER_PROXY_INSTANCE_NAME is true: services of others get no route. */
  readonly instanceName?: string;
}

/** A request that asks for a route, understood. */
export interface ParsedService {
  readonly service: Service;
  /** Parameters without effect. */
  readonly ignored: readonly string[];
}

const MODES = ["http", "tcp", "sni"] as const;

/** The service's name. @throws Refusal (400) when it is absent or not a name */
export function parseServiceName(parameters: Parameters): string {
  const name = parameters["serviceName"] ?? "";
  if (name === "") refuse("serviceName is mandatory");
  return values.serviceName(name);
}

/**
 * The number of replicas that the request states; undefined for a global service.
 * @throws Refusal where the original takes what is not a number for 0 and drops the route
 */
export function parseReplicas(parameters: Parameters): number | undefined {
  const replicas = parameters["replicas"] ?? "";
  return replicas === "" ? undefined : values.integer("replicas", replicas, 0, 100_000);
}

/** Whether the parameters ask this proxy for a route: not with `replicas=0`, nor of another instance's services. @throws Refusal */
export function isWanted(parameters: Parameters, { instanceName }: ParseOptions): boolean {
  if (parseReplicas(parameters) === 0) return false;
  const name = parameters["proxyInstanceName"] ?? "";
  return instanceName === undefined || name.toLowerCase() === instanceName.toLowerCase();
}

/**
 * Turns request parameters into a route.
 * @throws Refusal with the original's codes: 409 for an HTTP route that has neither path nor domain, 400 for all else
 */
export function parseService(parameters: Parameters, options: ParseOptions): ParsedService {
  const name = parseServiceName(parameters);
  const reader = new Reader(parameters, options.separator);
  const { destinations, streams } = parseWays(reader, parameters, options);
  const ignored = reviewParameters(parameters);
  const acl = reader.get("aclName").value;
  const isDefaultBackend = reader.flag(reader.get("isDefaultBackend"));
  if (destinations.length === 0) {
    if (isDefaultBackend) refuse("isDefaultBackend is for reqMode http only");
    for (const parameter of ["users", "usersSecret"] as const) {
      if (reader.get(parameter).value !== "") refuse(`${parameter} is for reqMode http only`);
    }
  }
  const createdAt = reader.get("createdAt");
  return {
    service: {
      name,
      aclName: acl === "" ? name : values.aclName(acl),
      hasOwnAclName: acl !== "",
      replicas: parseReplicas(parameters),
      createdAt:
        createdAt.value === "" ? undefined : values.time(createdAt.parameter, createdAt.value),
      domainAlgorithm: parseAlgorithm(reader, options.domainAlgorithm),
      isDefaultBackend,
      destinations,
      streams,
      headers: parseHeaderChanges(reader),
      compression: parseCompression(reader),
      connectionMode: optionalWord(reader, "connectionMode", CONNECTION_MODES),
      sticky: optionalWord(reader, "sessionType", ["sticky-server"]) !== undefined,
      users: destinations.length === 0 ? [] : parseUsers(reader, name, options.users),
    },
    ignored,
  };
}

/** @throws Refusal, also for a gap, where the original drops what comes after it without a word */
function parseWays(
  reader: Reader,
  parameters: Parameters,
  options: ParseOptions,
): Pick<Service, "destinations" | "streams"> {
  const indices = indicesOf(parameters);
  const gap = indices.find((index, i) => index > 0 && index !== i + 1);
  if (gap !== undefined) {
    refuse(`suffixes count from 1 without a gap: there is a .${gap} but no .${gap - 1}`);
  }
  const modes = new Map(indices.map((index) => [index, parseMode(reader, index)]));
  return {
    destinations: indices
      .filter((index) => modes.get(index) === "http")
      .flatMap((index) => parseDestination(reader, index, options)),
    streams: indices
      .filter((index) => modes.get(index) !== "http")
      .map((index) => parseStream(reader, index, options)),
  };
}

/** The suffixes of the ways into a service; 0 alone where there is none. */
export function indicesOf(parameters: Parameters): number[] {
  const present = (index: number): boolean =>
    ["servicePath", "port", "serviceDomain", "httpsPort"].some(
      (name) => (parameters[`${name}.${index}`] ?? "") !== "",
    );
  const all = Array.from({ length: MAX_DESTINATIONS }, (_, i) => i + 1);
  const found = all.filter(present);
  return found.length > 0 ? found : [0];
}

function parseMode(reader: Reader, index: number): (typeof MODES)[number] {
  const { parameter, value } = reader.get("reqMode", index);
  return value === "" ? "http" : values.oneOf(parameter, value.toLowerCase(), MODES);
}

function parseCompression(reader: Reader): Service["compression"] {
  const algorithm = optionalWord(reader, "compressionAlgo", COMPRESSION_ALGORITHMS);
  const { parameter, value } = reader.get("compressionType");
  if (algorithm === undefined) {
    if (value !== "") refuse("compressionType needs compressionAlgo");
    return undefined;
  }
  const types = value.split(/ +/).filter((type) => type !== "");
  return { algorithm, types: types.map((type) => values.mediaType(parameter, type)) };
}

function optionalWord<T extends string>(
  reader: Reader,
  name: ServiceParameter,
  allowed: readonly T[],
): T | undefined {
  const { parameter, value } = reader.get(name);
  return value === "" ? undefined : values.oneOf(parameter, value, allowed);
}
