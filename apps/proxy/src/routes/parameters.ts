import { refuse, shown } from "./refusal";
import type { Parameters } from "./service";
import { boolean } from "./values";

/** The original stops at ten destinations as well. */
export const MAX_DESTINATIONS = 10;

const RAW = "it would put text of its own into HAProxy's configuration";

/**
 * What becomes of each parameter of the original (its docs/usage.md) and of our own:
 * - `service`, `destination`: supported; a destination's may carry a suffix `.1` to `.10`;
 * - `inert`: has no effect here; the answer's message says so;
 * - `meta`: about the request, not the route;
 * - an object: not supported. Refused with the reason and the remedy, as a route without it would be another route than
 *   the one asked for.
 */
const PARAMETERS = {
  serviceName: "service",
  aclName: "service",
  addHeader: "service",
  addReqHeader: "service",
  addResHeader: "service",
  compressionAlgo: "service",
  compressionType: "service",
  connectionMode: "service",
  createdAt: "service",
  delReqHeader: "service",
  delResHeader: "service",
  isDefaultBackend: "service",
  proxyInstanceName: "service",
  redirectUnlessHttpsProto: "service",
  redirectWhenHttpProto: "service",
  replicas: "service",
  reqPathReplace: "service",
  reqPathSearch: "service",
  serviceDomainAlgo: "service",
  serviceDomainMatchAll: "service",
  sessionType: "service",
  setHeader: "service",
  setReqHeader: "service",
  setResHeader: "service",
  users: "service",
  usersPassEncrypted: "service",
  usersSecret: "service",
  allowedMethods: "destination",
  balanceGroup: "destination",
  checkTcp: "destination",
  clitcpka: "destination",
  deniedMethods: "destination",
  denyHttp: "destination",
  healthPath: "destination",
  httpsOnly: "destination",
  httpsPort: "destination",
  httpsRedirectCode: "destination",
  ignoreAuthorization: "destination",
  outboundHostname: "destination",
  pathType: "destination",
  port: "destination",
  redirectFromDomain: "destination",
  reqMode: "destination",
  reqPathSearchReplace: "destination",
  serviceDomain: "destination",
  serviceGroup: "destination",
  serviceHeader: "destination",
  servicePath: "destination",
  servicePathExclude: "destination",
  srcHttpsPort: "destination",
  srcPort: "destination",
  sslVerifyNone: "destination",
  timeoutClient: "destination",
  timeoutServer: "destination",
  timeoutTunnel: "destination",
  userAgent: "destination",
  verifyClientSsl: "destination",
  backendExtra: { why: RAW, instead: "the parameter for what it should do" },
  serviceCert: {
    why: "a label shows its private key to everyone who can list services",
    instead: "PUT cert, or a Docker secret whose name starts with cert-",
  },
  templateBePath: { why: RAW, instead: "the parameter for what it should do" },
  templateFePath: { why: RAW, instead: "the parameter for what it should do" },
  checkResolvers: "inert",
  discoveryType: "inert",
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
      case "meta":
        break;
      case "inert":
      case undefined:
        ignored.push(parameter);
        break;
      default:
        refuse(
          `${shown(parameter)} is not supported by this proxy, as ${kind.why}; use ${kind.instead}`,
        );
    }
  }
  return ignored;
}

function checkSuffix(parameter: string, suffix: string): void {
  if (!/^(?:[1-9]|10)$/.test(suffix)) {
    refuse(`${shown(parameter)}: a suffix is a number from 1 to ${MAX_DESTINATIONS}`);
  }
}

/** A parameter as the request spells it, and its value, which is empty when it is absent. */
export interface Looked {
  readonly parameter: string;
  readonly value: string;
}

/** Reads the parameters of one request. */
export class Reader {
  constructor(
    private readonly parameters: Parameters,
    private readonly separator: string,
  ) {}

  /** A parameter of the whole service, or of one destination: a suffixed one falls back to the one without suffix. */
  get(name: DestinationParameter, index: number): Looked;
  get(name: ServiceParameter): Looked;
  get(name: string, index = 0): Looked {
    const suffixed = `${name}.${index}`;
    const own = index > 0 ? (this.parameters[suffixed] ?? "") : "";
    return own === ""
      ? { parameter: name, value: this.parameters[name] ?? "" }
      : { parameter: suffixed, value: own };
  }

  /**
   * The values of a list, without blanks around them.
   * @throws Refusal for a list of nothing: a lone separator would widen the route to any path or any host
   */
  list({ parameter, value }: Looked): string[] {
    const parts = value
      .split(this.separator)
      .map((part) => part.replace(/^ +| +$/g, ""))
      .filter((part) => part !== "");
    if (value !== "" && parts.length === 0) refuse(`${parameter} is an empty list`);
    return parts;
  }

  /** False when it is absent. @throws Refusal */
  flag({ parameter, value }: Looked): boolean {
    return value !== "" && boolean(parameter, value);
  }
}
