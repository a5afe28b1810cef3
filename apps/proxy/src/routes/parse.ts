import { type DestinationParameter, MAX_DESTINATIONS, reviewParameters } from "./parameters";
import { Refusal, refuse, shown } from "./refusal";
import {
  type Destination,
  DOMAIN_ALGORITHMS,
  type DomainAlgorithm,
  type Parameters,
  PATH_TYPES,
  type PathType,
  type Service,
} from "./service";
import * as values from "./values";

/** What the environment adds to a request's parameters. */
export interface ParseOptions {
  /** Between the values of a list; the original's SEPARATOR. */
  readonly separator: string;
  /** The original's SERVICE_DOMAIN_ALGO. */
  readonly domainAlgorithm: DomainAlgorithm;
  /** Ports of ours that requests come in on. */
  readonly boundPorts: readonly number[];
}

/** A request that asks for a route, understood. */
export interface ParsedService {
  readonly service: Service;
  /** Parameters without effect. */
  readonly ignored: readonly string[];
}

const ALGORITHMS = Object.keys(DOMAIN_ALGORITHMS) as DomainAlgorithm[];
const DAY = 86_400;

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

/**
 * Turns request parameters into a route.
 * @throws Refusal with the original's codes: 409 for an HTTP route that has neither path nor domain, 400 for all else
 */
export function parseService(parameters: Parameters, options: ParseOptions): ParsedService {
  const name = parseServiceName(parameters);
  const indices = destinationIndices(parameters);
  indices.forEach((index) => checkMode(parameters, index));
  const ignored = reviewParameters(parameters);
  const acl = parameters["aclName"] ?? "";
  const algorithm = parameters["serviceDomainAlgo"] ?? "";
  const isDefault = parameters["isDefaultBackend"] ?? "";
  return {
    service: {
      name,
      aclName: acl === "" ? name : values.aclName(acl),
      hasOwnAclName: acl !== "",
      replicas: parseReplicas(parameters),
      domainAlgorithm:
        algorithm === ""
          ? options.domainAlgorithm
          : values.oneOf("serviceDomainAlgo", algorithm, ALGORITHMS),
      isDefaultBackend: isDefault !== "" && values.boolean("isDefaultBackend", isDefault),
      destinations: indices.map((index) => parseDestination(parameters, index, options)),
    },
    ignored,
  };
}

interface Looked {
  /** As the request spells it. */
  readonly parameter: string;
  readonly value: string;
}

/** A suffixed parameter falls back to the one without suffix. */
function lookup(parameters: Parameters, name: DestinationParameter, index: number): Looked {
  const suffixed = `${name}.${index}`;
  const own = index > 0 ? (parameters[suffixed] ?? "") : "";
  return own === ""
    ? { parameter: name, value: parameters[name] ?? "" }
    : { parameter: suffixed, value: own };
}

/** @throws Refusal for a gap, where the original drops what comes after it without a word */
function destinationIndices(parameters: Parameters): number[] {
  const present = (index: number): boolean =>
    ["servicePath", "port", "serviceDomain"].some(
      (name) => (parameters[`${name}.${index}`] ?? "") !== "",
    );
  const all = Array.from({ length: MAX_DESTINATIONS }, (_, i) => i + 1);
  const found = all.filter(present);
  const gap = found.find((index, i) => index !== i + 1);
  if (gap !== undefined) {
    refuse(`suffixes count from 1 without a gap: there is a .${gap} but no .${gap - 1}`);
  }
  return found.length > 0 ? found : [0];
}

function checkMode(parameters: Parameters, index: number): void {
  const has = (name: DestinationParameter): boolean => lookup(parameters, name, index).value !== "";
  const mode = lookup(parameters, "reqMode", index).value.toLowerCase();
  if (mode === "" || mode === "http") {
    if (!has("servicePath") && !hasDomain(lookup(parameters, "serviceDomain", index).value)) {
      throw new Refusal(409, "with reqMode http, servicePath or serviceDomain is mandatory");
    }
    return;
  }
  if (!has("srcPort") || !has("port")) {
    refuse(`with reqMode ${shown(mode)}, srcPort and port are mandatory`);
  }
  refuse(`reqMode ${shown(mode)} is not supported by this proxy; http is`);
}

/** A pair of quotes that a shell would have removed (`serviceDomain=''` in a compose file) is an empty value. */
function hasDomain(value: string): boolean {
  return value !== "" && value !== "''" && value !== '""';
}

function parseDestination(
  parameters: Parameters,
  index: number,
  options: ParseOptions,
): Destination {
  const list = ({ parameter, value }: Looked): string[] => {
    const parts = value
      .split(options.separator)
      .map((part) => part.replace(/^ +| +$/g, ""))
      .filter((part) => part !== "");
    // Else a lone separator would widen the route to any path or any host.
    if (value !== "" && parts.length === 0) refuse(`${parameter} is an empty list`);
    return parts;
  };
  const get = (name: DestinationParameter): Looked => lookup(parameters, name, index);

  const port = get("port");
  if (port.value === "") refuse(`port${index > 0 ? `.${index}` : ""} is mandatory`);
  const domains = get("serviceDomain");
  const pathType = get("pathType");
  const type: PathType =
    pathType.value === ""
      ? "path_beg"
      : values.oneOf(pathType.parameter, pathType.value, PATH_TYPES);
  const paths = get("servicePath");
  const readPath = type === "path_end" || type === "path_sub" ? values.pathFragment : values.path;
  const servicePaths = list(paths).map((path) => readPath(paths.parameter, path));
  const healthPath = get("healthPath");
  return {
    index,
    port: values.integer(port.parameter, port.value, 1, 65_535),
    paths: servicePaths.length > 0 ? servicePaths : ["/"],
    pathType: servicePaths.length > 0 ? type : "path_beg",
    domains: hasDomain(domains.value)
      ? list(domains).map((name) => values.domain(domains.parameter, name))
      : [],
    srcPort: parseSrcPort(get("srcPort"), options.boundPorts),
    healthPath:
      healthPath.value === "" ? undefined : values.path(healthPath.parameter, healthPath.value),
    timeoutServer: parseSeconds(get("timeoutServer")),
    timeoutTunnel: parseSeconds(get("timeoutTunnel")),
  };
}

function parseSeconds({ parameter, value }: Looked): number | undefined {
  return value === "" ? undefined : values.integer(parameter, value, 1, DAY);
}

function parseSrcPort(
  { parameter, value }: Looked,
  boundPorts: readonly number[],
): number | undefined {
  if (value === "") return undefined;
  const port = values.integer(parameter, value, 1, 65_535);
  if (!boundPorts.includes(port)) {
    refuse(
      `${parameter}: this proxy does not listen on port ${port}, only on ${boundPorts.join(", ")}`,
    );
  }
  return port;
}
