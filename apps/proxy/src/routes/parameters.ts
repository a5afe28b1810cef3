import { refuse, shown } from "./refusal";
import type { Parameters } from "./service";
import { boolean } from "./values";

/** The original stops at ten destinations as well. */
export const MAX_DESTINATIONS = 10;

/**
 * What becomes of each parameter of the original (its docs/usage.md) and of our own:
 * - `service`, `destination`: supported; a destination's may carry a suffix `.1` to `.10`;
 * - `flag`, `value`: not supported yet. Refused, as a route without them would be another route than the one asked
 *   for; a flag that is false asks for nothing and passes;
 * - `inert`: has no effect here; the answer's message says so;
 * - `meta`: about the request, not the route.
 */
const PARAMETERS = {
  serviceName: "service",
  aclName: "service",
  serviceDomainAlgo: "service",
  isDefaultBackend: "service",
  replicas: "service",
  port: "destination",
  servicePath: "destination",
  serviceDomain: "destination",
  pathType: "destination",
  srcPort: "destination",
  reqMode: "destination",
  healthPath: "destination",
  timeoutServer: "destination",
  timeoutTunnel: "destination",
  denyHttp: "flag",
  httpsOnly: "flag",
  ignoreAuthorization: "flag",
  redirectUnlessHttpsProto: "flag",
  redirectWhenHttpProto: "flag",
  serviceDomainMatchAll: "flag",
  sslVerifyNone: "flag",
  usersPassEncrypted: "flag",
  verifyClientSsl: "flag",
  addHeader: "value",
  addReqHeader: "value",
  addResHeader: "value",
  allowedMethods: "value",
  backendExtra: "value",
  balanceGroup: "value",
  checkTcp: "flag",
  clitcpka: "flag",
  compressionAlgo: "value",
  compressionType: "value",
  connectionMode: "value",
  delReqHeader: "value",
  delResHeader: "value",
  deniedMethods: "value",
  httpsPort: "value",
  outboundHostname: "value",
  redirectFromDomain: "value",
  reqPathReplace: "value",
  reqPathSearch: "value",
  reqPathSearchReplace: "value",
  serviceCert: "value",
  serviceGroup: "value",
  serviceHeader: "value",
  servicePathExclude: "value",
  sessionType: "value",
  setHeader: "value",
  setReqHeader: "value",
  setResHeader: "value",
  srcHttpsPort: "value",
  templateBePath: "value",
  templateFePath: "value",
  timeoutClient: "value",
  userAgent: "value",
  users: "value",
  usersSecret: "value",
  checkResolvers: "inert",
  discoveryType: "inert",
  httpsRedirectCode: "inert",
  proxyInstanceName: "inert",
  userDef: "inert",
  distribute: "meta",
  notify: "meta",
  nodeInfo: "meta",
} as const;

type Kinds = typeof PARAMETERS;
type Named<Kind> = { [P in keyof Kinds]: Kinds[P] extends Kind ? P : never }[keyof Kinds];

/** Names that apply to the whole service. */
export type ServiceParameter = Named<"service">;
/** Names that may be suffixed. */
export type DestinationParameter = Named<"destination">;

function kindOf(name: string): Kinds[keyof Kinds] | undefined {
  return Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name as keyof Kinds] : undefined;
}

function split(parameter: string): { name: string; suffix?: string } {
  const dot = parameter.lastIndexOf(".");
  return dot < 0
    ? { name: parameter }
    : { name: parameter.slice(0, dot), suffix: parameter.slice(dot + 1) };
}

/**
 * Looks for parameters that cannot be honoured.
 * @returns the names that have no effect, for the answer's message
 * @throws Refusal for a parameter of the original that is not supported, and for a suffix that is no destination
 */
export function reviewParameters(parameters: Parameters): string[] {
  const ignored: string[] = [];
  for (const [parameter, value] of Object.entries(parameters)) {
    if (value === "") continue;
    const { name, suffix } = split(parameter);
    const kind = kindOf(name);
    switch (kind) {
      case "destination":
        if (suffix !== undefined) checkSuffix(parameter, suffix);
        break;
      case "service":
        if (suffix !== undefined) refuse(`${shown(parameter)}: ${name} takes no suffix`);
        break;
      case "flag":
        if (boolean(parameter, value)) refuse(`${parameter} is not supported by this proxy`);
        break;
      case "value":
        refuse(`${parameter} is not supported by this proxy`);
        break;
      case "meta":
        break;
      case "inert":
      case undefined:
        ignored.push(parameter);
        break;
    }
  }
  return ignored;
}

function checkSuffix(parameter: string, suffix: string): void {
  if (!/^(?:[1-9]|10)$/.test(suffix)) {
    refuse(`${shown(parameter)}: a suffix is a number from 1 to ${MAX_DESTINATIONS}`);
  }
}
